// The target and the format of an export.
import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Compression, splitCompression } from '@sstitch/lines';
import type { CommandContext } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { isClusterName } from '../../command-line/store-name.js';
import { CliError, usageError } from '../../errors.js';
import { isSyncFile } from '../../operations/open-syncs.js';
import { FORMAT_ENDINGS, formatOfName, type SyncFormat } from '../../records/sync-format.js';
import { realPathToBe, requireOtherFile, requireOutsideStores } from '../../stores/output-path.js';
import type { exportCommand } from './command.js';

/** The name of standard output. */
const STANDARD_OUTPUT = '-';

export interface ExportTarget {
  readonly format: SyncFormat;
  /** The file, by the name that the user gave. Undefined for standard output. */
  readonly path: string | undefined;
  /** The file with all links resolved. */
  readonly realPath: string | undefined;
  readonly compression: Compression | undefined;
}

/**
 * Works out the target from the options.
 * @throws CliError SSTITCH_USAGE, SSTITCH_FILE_OPERATION
 */
export function exportTarget(
  { io, json }: Pick<CommandContext, 'io' | 'json'>,
  { store, output, format: given, zone, bom }: InputOf<typeof exportCommand>,
): ExportTarget {
  const path = output === STANDARD_OUTPUT ? undefined : output;
  const named = path === undefined ? 'jsonl' : formatOfName(path);
  const format = given ?? named;
  if (format === undefined) {
    throw usageError(
      `the name of ${path} does not say the format: use a name that ends in ${FORMAT_ENDINGS}, or --format`,
    );
  }
  if (zone !== undefined && format !== 'c1z1' && !isSyncFile(store)) {
    throw usageError('--zone applies only to --format c1z1, and to a .c1z file that is read');
  }
  if (bom && format !== 'csv') throw usageError('--bom applies only to .csv files');
  if (path === undefined && format !== 'jsonl' && json) {
    throw usageError(
      '--json and the file cannot both go to standard output: name the file with --output',
    );
  }
  if (path === undefined && isBinary(format) && io.stdout.isTerminal) {
    throw usageError('a .c1z file cannot be shown on a terminal: name the file with --output');
  }
  if (path === undefined) {
    return { format, path, realPath: undefined, compression: undefined };
  }
  const realPath = realPathToBe(path);
  checkPlace(path, dirname(realPath));
  if (!isClusterName(store)) requireOtherFile(path, store);
  requireOutsideStores(path);
  return { format, path, realPath, compression: splitCompression(path).compression };
}

/**
 * Checks that a file can be made at a path, before anything is read.
 *
 * @param directory where the file is made, with all links resolved
 * @throws CliError SSTITCH_FILE_OPERATION
 */
function checkPlace(path: string, directory: string): void {
  let there: Stats | undefined;
  try {
    // Of a link that leads nowhere, the status is that of the link.
    there = statSync(path, { throwIfNoEntry: false }) ?? lstatSync(path, { throwIfNoEntry: false });
    accessSync(directory, constants.W_OK);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT' || code === 'ENOTDIR'
        ? `there is no directory ${dirname(path)}`
        : `the directory ${directory} is not writable (${code ?? message})`;
    throw new CliError('SSTITCH_FILE_OPERATION', `cannot write ${path}: ${problem}`, { cause });
  }
  if (there === undefined || there.isFile()) return;
  // The complete file would take the place of a link, a device or a pipe.
  const what = there.isDirectory()
    ? 'a directory'
    : there.isSymbolicLink()
      ? 'a link that leads nowhere'
      : 'not a file; write to standard output with -';
  throw new CliError('SSTITCH_FILE_OPERATION', `cannot write ${path}: it is ${what}`);
}

function isBinary(format: SyncFormat): boolean {
  return format === 'c1z' || format === 'c1z1';
}
