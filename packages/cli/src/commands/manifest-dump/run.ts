import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, readManifest } from '@sstitch/engine';
import { toHex } from '@sstitch/keys';
import { userKeyOf } from '@sstitch/sst';
import { sequenceNumberOf } from '@sstitch/sst/file-format';
import type { CommandResult, Run } from '../../command-line/command-context.js';
import { formatBytes, formatCountOf } from '../../output/quantities.js';
import { formatTable } from '../../output/table.js';
import { requireDatabase } from '../../stores/input-path.js';
import type { manifestDumpCommand } from './command.js';

/** How much of a key is shown, so that two keys fit in a line; --json has whole keys. */
const MAX_SHOWN_KEY_BYTES = 12;

export const run: Run<typeof manifestDumpCommand> = async ({ columns, style }, { directory }) => {
  requireDatabase(directory);
  return resultOf(readManifest(databaseIn(directory)), columns, style.bold);
};

/** The directory itself or, for a store, its current generation. */
function databaseIn(directory: string): string {
  const current = readFileSync(join(directory, 'CURRENT'), 'latin1').trim();
  return /^gen-\d+$/.test(current) ? join(directory, current) : directory;
}

function resultOf(
  { name, sizeBytes, edits, tornAt, version }: Manifest,
  columns: number,
  bold: (text: string) => string,
): CommandResult {
  const { levels, logNumber, nextFileNumber, lastSequence } = version;
  const tables = levels.flatMap((entries, level) =>
    entries.map(({ number, sizeBytes: tableBytes, smallest, largest }) => ({
      level,
      number,
      sizeBytes: tableBytes,
      smallest: boundOf(smallest),
      largest: boundOf(largest),
    })),
  );
  const counters = { name, sizeBytes, edits, logNumber, nextFileNumber, lastSequence };
  const table = formatTable(
    [
      { title: 'LEVEL', align: 'right' },
      { title: 'TABLE', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'FIRST KEY' },
      { title: 'LAST KEY' },
    ],
    tables.map(({ level, number, sizeBytes: tableBytes, smallest, largest }) => [
      String(level),
      String(number),
      formatBytes(tableBytes),
      shortened(smallest.key),
      shortened(largest.key),
    ]),
    bold,
    columns,
  );
  return {
    document: { ...counters, tornAt: tornAt ?? null, tables },
    text:
      `${name}: ${formatBytes(sizeBytes)}, ${formatCountOf(edits, 'edit')}\n` +
      `log ${logNumber}, next file ${nextFileNumber}, last sequence ${lastSequence}\n` +
      (tornAt === undefined ? '' : `ends in the middle of a record, at byte ${tornAt}\n`) +
      (tables.length === 0 ? 'no tables\n' : table),
  };
}

function boundOf(internalKey: Uint8Array): { key: string; sequence: number } {
  return { key: toHex(userKeyOf(internalKey)), sequence: sequenceNumberOf(internalKey) };
}

function shortened(hex: string): string {
  const characters = 2 * MAX_SHOWN_KEY_BYTES;
  return hex.length <= characters ? hex : `${hex.slice(0, characters)}…`;
}
