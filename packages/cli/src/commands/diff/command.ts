import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const diffCommand = defineCommand({
  name: 'diff',
  summary: 'show what compacting B into A would change',
  description:
    'Compares a sync in two stores, entry by entry: the entries that only B has, those that only A ' +
    'has, and those whose values differ. That is what `compact --base A --from B` would change in A. ' +
    'Verifies the checksums of the tables first. With --json, prints an object for one sync and an ' +
    'array of objects for several, in the order given.',
  arguments: [
    { name: 'a', summary: 'the store to compare', value: { type: 'path', of: 'store' } },
    { name: 'b', summary: 'the store to compare it with', value: { type: 'path', of: 'store' } },
  ],
  options: { sync: { ...syncsOption('the syncs', ['a', 'b']), required: true } },
  examples: [
    ['diff base fresh --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'numbers of entries by bucket'],
    ['diff base fresh --sync latest --json', 'JSON, for a program'],
  ],
});
