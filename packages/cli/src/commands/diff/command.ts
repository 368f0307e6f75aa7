import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const diffCommand = defineCommand({
  name: 'diff',
  summary: 'what compacting B into A would change',
  description:
    'Compares a sync in two stores, entry by entry: what B adds, what it lacks, and where the ' +
    'values differ. That is what `compact --base A --from B` would change in A. Checksums of the ' +
    'tables are checked first. With --json one sync makes an object, several make an array of ' +
    'them, in the order given.',
  arguments: [
    { name: 'a', summary: 'the store to compare', value: { type: 'path', of: 'store' } },
    { name: 'b', summary: 'the store to compare it with', value: { type: 'path', of: 'store' } },
  ],
  options: { sync: { ...syncsOption('the syncs', ['a', 'b']), required: true } },
  examples: [
    ['diff base fresh --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'counts by bucket'],
    ['diff base fresh --sync latest --json', 'for a program'],
  ],
});
