import { type Stats, statSync } from 'node:fs';
import { toHex } from '@sstitch/keys';
import {
  nodeFileSystem,
  sequenceOf,
  type TableProperties,
  TableReader,
  typeOf,
  userKeyOf,
  verifyTable,
} from '@sstitch/sst';
import type { CommandRegistry, CommandResult } from '../../command-line/command.js';
import { wholeNumberArgument } from '../../command-line/option-values.js';
import { CliError, usageError } from '../../errors.js';
import { formatBytes, formatCountOf } from '../../output/quantities.js';
import { describeEntry, entryLine } from '../../records/describe-entry.js';
import { requireFile } from '../../stores/input-path.js';

const DEFAULT_LIMIT = 20;

export function addSstCommand(registry: CommandRegistry): void {
  const group = registry.define({
    usage: 'sst',
    summary: 'look inside a table file',
    description: 'Reads one table file (.ldb or .sst) without opening the database.',
    examples: [['sst verify base/gen-000001/000005.ldb', 'checksums, order, filter']],
  });
  registry
    .define(
      {
        usage: 'dump <file>',
        summary: 'show the entries of a table',
        description:
          'Shows the entries of a table in its own order: sequence, type, key and value, decoded.',
        examples: [['sst dump base/gen-000001/000005.ldb --limit 5', 'the first five']],
      },
      group,
    )
    .option('--limit <n>', 'entries at most', wholeNumberArgument(1), DEFAULT_LIMIT)
    .option('--raw', 'show values as hex')
    .action(
      registry.handle(async (_context, file: string, flags: { limit: number; raw?: boolean }) =>
        dumpTable(file, flags.limit, flags.raw === true),
      ),
    );
  registry
    .define(
      {
        usage: 'verify <file>',
        summary: 'check all of a table',
        description:
          'Reads a whole table and checks all of it: checksums, order, restart points, index, filter. ' +
          'Exits with 4 at the first thing that is wrong.',
        examples: [['sst verify base/gen-000001/000005.ldb', 'one table']],
      },
      group,
    )
    .action(
      registry.handle(async (_context, file: string) => {
        requireFile(file);
        return tableResult(file, verifyTable(nodeFileSystem, regularFile(file)));
      }),
    );
}

function dumpTable(file: string, limit: number, raw: boolean): CommandResult {
  requireFile(file);
  const reader = TableReader.open(nodeFileSystem, regularFile(file));
  try {
    const iterator = reader.iterator();
    const entries: object[] = [];
    const lines: string[] = [];
    for (iterator.seekToFirst(); iterator.valid && entries.length < limit; iterator.next()) {
      const internalKey = iterator.key;
      const sequence = Number(sequenceOf(internalKey));
      const type = typeOf(internalKey);
      const entry = describeEntry(
        userKeyOf(internalKey),
        iterator.value,
        raw || type === 'deletion',
      );
      entries.push({ sequence, type, ...entry });
      lines.push(`${sequence}  ${type}  ${entryLine(entry)}\n`);
    }
    return { document: entries, text: lines.join('') };
  } finally {
    reader.close();
  }
}

/** A pipe would be waited for, for ever. */
function regularFile(file: string): string {
  let stats: Stats;
  try {
    stats = statSync(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('SSTITCH_FILE_OPERATION', `cannot read ${file}: ${reason}`, { cause });
  }
  if (stats.isFile()) return file;
  throw usageError(`${file} is not a file: give a table, such as 000005.ldb`);
}

function tableResult(file: string, table: TableProperties): CommandResult {
  const { sizeBytes, entries, deletions, smallestSequence, largestSequence } = table;
  const smallest = toHex(userKeyOf(table.smallest));
  const largest = toHex(userKeyOf(table.largest));
  return {
    document: {
      ok: true,
      file,
      sizeBytes,
      entries,
      deletions,
      smallest,
      largest,
      smallestSequence,
      largestSequence,
    },
    text:
      `ok: ${formatCountOf(entries, 'entry', 'entries')} (${formatCountOf(deletions, 'deletion')}), ` +
      `${formatBytes(sizeBytes)}, sequences ${smallestSequence} to ${largestSequence}\n` +
      `first key ${smallest}\nlast key  ${largest}\n`,
  };
}
