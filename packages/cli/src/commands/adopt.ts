import { adopt } from '@sstitch/engine';
import type { CommandRegistry } from '../command-context.js';
import { copyResult } from '../copy-report.js';
import { requireDatabase } from '../input-path.js';

export function addAdoptCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'adopt <leveldb> <store>',
      summary: 'make a store of a plain LevelDB directory',
      description:
        'Makes a store that holds what a LevelDB database (of classic-level, level, LevelDB itself or ' +
        'another program that writes its format) holds now. Tables are read in full first, then ' +
        'linked; the database is left as it is, and may be open. Refuses what LevelDB cannot read: ' +
        'damaged tables, other compressions, other databases such as RocksDB.',
      examples: [['adopt old-database base', 'the database stays usable']],
    })
    .action(
      registry.handle(async ({ signal, progress, ...context }, leveldb: string, store: string) => {
        requireDatabase(leveldb);
        const copied = await adopt(leveldb, store, {
          signal,
          onProgress: ({ tables, ofTables }) =>
            progress.update(() => `table ${tables + 1} of ${ofTables}`),
        });
        return copyResult({ signal, progress, ...context }, store, copied);
      }),
    );
}
