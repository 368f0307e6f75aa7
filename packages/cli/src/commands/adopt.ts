import { adopt } from '@sstitch/engine';
import type { CommandRegistry } from '../command-context.js';
import { copyResult } from '../copy-report.js';
import { requireDatabase } from '../input-path.js';

export function addAdoptCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'adopt <leveldb> <store>',
      summary: 'make a store of a plain LevelDB folder',
      description:
        'Makes a store that holds what a LevelDB database (of classic-level, level or LevelDB itself) ' +
        'holds now. Tables are linked; the database is left as it is, and may be open.',
      examples: [['adopt old-database base', 'the database stays usable']],
    })
    .action(
      registry.handle(async (context, leveldb: string, store: string) => {
        requireDatabase(leveldb);
        return copyResult(context, store, await adopt(leveldb, store, { signal: context.signal }));
      }),
    );
}
