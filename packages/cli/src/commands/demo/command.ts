import { defineCommand } from '../../command-line/command-spec.js';

export const demoCommand = defineCommand({
  name: 'demo',
  summary: 'watch a compaction, from start to proof',
  description:
    'Makes a base store with three syncs and a source store with a newer version of one of them, ' +
    'compacts, and checks the result. All in a temporary directory that is gone at the end. Exits ' +
    'with 0 only if every check held.',
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
    ['demo --grants 300000', 'more data: the compaction hardly takes longer'],
  ],
});
