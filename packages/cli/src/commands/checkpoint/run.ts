import type { CommandRegistry } from '../../command-line/command.js';
import { copyResult } from '../../reports/copy-report.js';
import { withStore } from '../../stores/open-store.js';

interface CheckpointFlags {
  readonly purge?: boolean;
}

export function addCheckpointCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'checkpoint <store> <folder>',
      summary: 'copy a store by links',
      description:
        'Makes a store in a folder that holds what the store holds now. Tables are linked, so that it ' +
        'costs next to no time and space; on another file system they are copied. A linked file may ' +
        'hold what was removed from the store; with --purge such tables are copied without it.',
      examples: [
        ['checkpoint base backup/base-monday', 'a consistent copy'],
        ['checkpoint base outgoing --purge', 'to give away: nothing of what was removed'],
      ],
    })
    .option('--purge', 'leave no byte of removed data in any file of the copy')
    .action(
      registry.handle(async (context, store: string, folder: string, flags: CheckpointFlags) => {
        const options = { signal: context.signal, purge: flags.purge === true };
        const copied = await withStore(store, 'refuse', (opened) =>
          opened.checkpoint(folder, options),
        );
        return copyResult(context, folder, copied);
      }),
    );
}
