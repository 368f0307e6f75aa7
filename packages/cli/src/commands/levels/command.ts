import { defineCommand } from '../../command-line/command-spec.js';

export const levelsCommand = defineCommand({
  name: 'levels',
  summary: 'show the LSM tree as a picture',
  description:
    "Shows which sync's keys lie in which level of the store: a letter is a table of the sync with " +
    'that letter, or a part of a large one; + is a table with keys of several syncs.',
  arguments: [
    { name: 'store', summary: 'the store to read', value: { type: 'path', of: 'store directory' } },
  ],
  options: {},
  examples: [
    ['levels base', 'the current tree'],
    ['levels base --json', 'every table with its size and syncs'],
  ],
});
