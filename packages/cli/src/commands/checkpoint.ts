import type { CheckpointFormat } from '@sstitch/engine';
import { Option } from 'commander';
import type { CommandRegistry } from '../command-context.js';
import { copyResult } from '../copy-report.js';
import { withStore } from '../open-store.js';

interface CheckpointFlags {
  readonly format: CheckpointFormat;
  readonly purge?: boolean;
}

export function addCheckpointCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'checkpoint <store> <directory>',
      summary: 'copy a store by links',
      description:
        'Makes a store in a directory that holds what the store holds now. Tables are linked, so that it ' +
        'costs next to no time and space; on another file system they are copied. A linked file may ' +
        'hold what was removed from the store; with --purge such tables are copied without it. ' +
        'With --format pebble the directory becomes a database that Pebble, the storage engine in Go, ' +
        'opens, and LevelDB too; all entries are written anew. The first of the two that opens it to ' +
        'write owns it.',
      examples: [
        ['checkpoint base backup/base-monday', 'a consistent copy'],
        ['checkpoint base outgoing --purge', 'to give away: nothing of what was removed'],
        ['checkpoint base for-go --format pebble', 'for a program in Go'],
      ],
    })
    .addOption(
      new Option('--format <format>', 'what the directory becomes')
        .choices(['store', 'pebble'] satisfies CheckpointFormat[])
        .default('store'),
    )
    .option('--purge', 'leave no byte of removed data in any file of the copy')
    .action(
      registry.handle(async (context, store: string, directory: string, flags: CheckpointFlags) => {
        const { format, purge = false } = flags;
        const options = { signal: context.signal, purge, format };
        const copied = await withStore(store, 'refuse', (opened) =>
          opened.checkpoint(directory, options),
        );
        return copyResult(context, directory, copied);
      }),
    );
}
