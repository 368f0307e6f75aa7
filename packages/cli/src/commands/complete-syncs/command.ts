import { defineCommand } from '../../command-line/command-spec.js';

export const completeSyncsCommand = defineCommand({
  name: 'complete-syncs',
  isHidden: true,
  summary: 'complete the name of a sync on an unfinished command line',
  description:
    'For the scripts of `completion`: prints what the last word, the value of an option that names ' +
    'syncs, can be completed to, one per line, each with a tab and a description; --quiet omits the ' +
    'descriptions. Prints what it can and exits with 0, whatever is wrong with the line.',
  arguments: [
    {
      name: 'words',
      summary: 'the words of the command line, after --',
      value: { type: 'text' },
      variadic: true,
    },
  ],
  options: {},
  examples: [['complete-syncs -- digest base --sync 36', 'syncs in base']],
});
