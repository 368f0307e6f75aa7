import type { CommandRegistry } from '../command-context.js';
import { copyResult } from '../copy-report.js';
import { withStore } from '../open-store.js';

export function addCheckpointCommand(registry: CommandRegistry): void {
  registry
    .define({
      usage: 'checkpoint <store> <folder>',
      summary: 'copy a store by links',
      description:
        'Makes a store in a folder that holds what the store holds now. Tables are linked, so that it ' +
        'costs next to no time and space; on another file system they are copied.',
      examples: [['checkpoint base backup/base-monday', 'a consistent copy']],
    })
    .action(
      registry.handle(async (context, store: string, folder: string) => {
        const copied = await withStore(store, 'refuse', (opened) =>
          opened.checkpoint(folder, { signal: context.signal }),
        );
        return copyResult(context, folder, copied);
      }),
    );
}
