import { defineCommand } from '../../command-line/command-spec.js';

export const levelsCommand = defineCommand({
  name: 'levels',
  summary: 'the LSM tree as a picture',
  description:
    "Shows which sync's keys lie in which level of the store: a letter is a table, or a part of " +
    'one large, of the sync with that letter; + is a table with keys of several syncs.',
  arguments: [
    { name: 'store', summary: 'the store to read', value: { type: 'path', of: 'store' } },
  ],
  options: {},
  examples: [
    ['levels base', 'the tree as it is now'],
    ['levels base --json', 'every table with its size and syncs'],
  ],
});
