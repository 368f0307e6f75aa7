// Refuses a path that is neither a store nor a file of syncs, and advises what to do.
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { EngineErrorReason } from '@sstitch/engine';
import { FORMAT_ENDINGS, formatOfName } from '../records/sync-format.js';
import { requireFile } from '../stores/input-path.js';

/** The first bytes of a .c1z file, of every format. */
const C1Z_MAGIC = 'C1Z';
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/**
 * Advises what to do about a path that is not a store, nor a file of syncs if the command reads those: how to make a
 * store of it, or what stores and files of syncs are.
 *
 * @param code SSTITCH_STORE_FORMAT or SSTITCH_C1Z_NOT_C1Z
 * @param reason that of the SSTITCH_STORE_FORMAT
 * @returns undefined if the message says it
 */
export function adviceOnPath(
  path: string,
  code: string,
  reason: EngineErrorReason | undefined,
): string | undefined {
  if (reason === 'leveldb-database') return `\`sstitch adopt ${shellWord(path)} STORE\``;
  if (code === 'SSTITCH_STORE_FORMAT') {
    if (reason !== 'not-a-directory') return undefined;
    return isSyncFile(path)
      ? `it is a file of syncs, so import it first: \`sstitch import ${shellWord(path)} --into STORE\``
      : 'name the directory of a store';
  }
  // Standard input has no name, so nothing exists at its path.
  if (isSyncFile(path) || !existsSync(path)) return undefined;
  return `a store is a directory, and the name of a file of syncs ends in ${FORMAT_ENDINGS}`;
}

/** @throws CliError SSTITCH_INPUT_NOT_FOUND for a path, where nothing is, with the name of a file of syncs */
export function refuseMissingFile(path: string): void {
  if (formatOfName(path) !== undefined) requireFile(path);
}

/** Whether a path is a file that `import` takes, by its name or its first bytes. */
function isSyncFile(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    return formatOfName(path) !== undefined || hasMagic(path);
  } catch {
    // The error that was found first is reported.
    return false;
  }
}

function hasMagic(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(C1Z_MAGIC.length);
    readSync(file, bytes, 0, bytes.length, 0);
    return bytes.toString('latin1') === C1Z_MAGIC;
  } finally {
    closeSync(file);
  }
}

/** A path as a word of a shell's command line. */
function shellWord(path: string): string {
  return PLAIN_WORD.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
