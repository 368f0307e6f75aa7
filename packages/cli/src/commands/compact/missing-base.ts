import type { InputOf } from '../../command-line/command-spec.js';
import type { MissingStore } from '../../stores/byte-store.js';
import type { compactCommand } from './command.js';

/** What to do if the base does not exist: a mistyped name must not create a store, and a dry run creates nothing. */
export function missingBase({
  create,
  dryRun,
}: Pick<InputOf<typeof compactCommand>, 'create' | 'dryRun'>): MissingStore {
  return create && !dryRun ? 'create' : 'refuse';
}
