import { defineCommand } from '../../command-line/command-spec.js';

export const demoCommand = defineCommand({
  name: 'demo',
  summary: 'show a compaction and check its result',
  description:
    'Creates a base store with three syncs and a source store with a newer version of one of them, ' +
    'compacts, and checks the result, all in a temporary directory that is removed at the end. Exits ' +
    'with 0 only if every check passes.',
  arguments: [],
  options: {
    grants: {
      summary: 'grants of each sync',
      value: { type: 'count', least: 1, most: 10_000_000 },
      placeholder: 'n',
      default: 5000,
    },
  },
  examples: [
    ['demo', 'takes a second or two'],
    ['demo --grants 300000', 'more data; the compaction takes hardly longer'],
  ],
});
