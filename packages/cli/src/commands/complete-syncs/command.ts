import { defineCommand } from '../../command-line/command-spec.js';

export const completeSyncsCommand = defineCommand({
  name: 'complete-syncs',
  isHidden: true,
  summary: 'what completes a sync on an unfinished command line',
  description:
    'Run by the scripts of `completion`: prints what may stand in the place of the last word, the ' +
    'value of an option that names syncs, one a line, each with a tab and what it is; with ' +
    '--quiet without these. Prints what it can and exits with 0, whatever is wrong with the line.',
  arguments: [
    {
      name: 'words',
      summary: 'the words of the line, after --',
      value: { type: 'text' },
      variadic: true,
    },
  ],
  options: {},
  examples: [['complete-syncs -- digest base --sync 36', 'ids of syncs in base']],
});
