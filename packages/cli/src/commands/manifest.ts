import { type Manifest, readManifest } from '@sstitch/engine';
import { toHex } from '@sstitch/keys';
import { sequenceNumberOf, userKeyOf } from '@sstitch/sst';
import type { CommandRegistry, CommandResult } from '../command-context.js';
import { requireDatabase } from '../input-path.js';
import { formatBytes, formatCountOf } from '../output/quantities.js';
import { formatTable } from '../output/table.js';

/** So much of a key fits a line twice; --json has all of it. */
const MAX_SHOWN_KEY_BYTES = 12;

export function addManifestCommand(registry: CommandRegistry): void {
  const group = registry.define({
    usage: 'manifest',
    summary: "look inside a database's MANIFEST",
    description: 'Reads the MANIFEST of a LevelDB directory without opening the database.',
    examples: [['manifest dump base/gen-000001', 'the tables of each level']],
  });
  registry
    .define(
      {
        usage: 'dump <directory>',
        summary: 'show counters and tables',
        description:
          'Shows what the MANIFEST in force says: its counters and, level by level, its tables with ' +
          'their sizes, bounds and sequences. The directory is a generation of a store, or any LevelDB ' +
          'database; it may be open. Exits with 4 if the MANIFEST breaks a rule.',
        examples: [
          ['manifest dump base/gen-000001', 'the tables of each level'],
          ['manifest dump base/gen-000001 --json', 'with whole keys'],
        ],
      },
      group,
    )
    .action(
      registry.handle(async ({ columns }, directory: string) => {
        requireDatabase(directory);
        return manifestResult(readManifest(directory), columns);
      }),
    );
}

function manifestResult(
  { name, sizeBytes, edits, tornAt, version }: Manifest,
  columns: number,
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
  return {
    document: { ...counters, tornAt: tornAt ?? null, tables },
    text:
      `${name}: ${formatBytes(sizeBytes)}, ${formatCountOf(edits, 'edit')}\n` +
      `log ${logNumber}, next file ${nextFileNumber}, last sequence ${lastSequence}\n` +
      (tornAt === undefined ? '' : `ends in the middle of a record, at byte ${tornAt}\n`) +
      (tables.length === 0
        ? 'no tables\n'
        : formatTable(
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
            undefined,
            columns,
          )),
  };
}

function boundOf(internalKey: Uint8Array): { key: string; sequence: number } {
  return { key: toHex(userKeyOf(internalKey)), sequence: sequenceNumberOf(internalKey) };
}

function shortened(hex: string): string {
  const characters = 2 * MAX_SHOWN_KEY_BYTES;
  return hex.length <= characters ? hex : `${hex.slice(0, characters)}…`;
}
