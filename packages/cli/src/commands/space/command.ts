import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const spaceCommand = defineCommand({
  name: 'space',
  summary: 'show what a store takes on disk and how much of it can be freed',
  description:
    'Shows how much of the tables each sync takes and, with --exact, which reads every entry, how ' +
    'much of that is live. The rest is garbage: old versions, deleted entries and tombstones, which ' +
    'batches leave. `compact` with strategy link removes the garbage of a sync, and --reclaim that of ' +
    "the whole store. --reclaim runs LevelDB's full compaction: it rewrites what lies in more than " +
    'one level and needs as much room while it runs.',
  arguments: [
    {
      name: 'store',
      summary: 'the store to measure',
      value: { type: 'path', of: 'store directory' },
    },
  ],
  options: {
    exact: { summary: 'read every entry and show how much is live' },
    reclaim: { summary: 'run a full LevelDB compaction and show what it freed' },
    wait: waitOption,
  },
  examples: [
    ['space base --exact', 'how much is garbage'],
    ['space base --reclaim', 'remove it'],
  ],
});
