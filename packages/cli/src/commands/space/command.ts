import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const spaceCommand = defineCommand({
  name: 'space',
  summary: 'what a store takes on disk, and what of it can be freed',
  description:
    'Shows what each sync takes in tables and, with --exact, which reads every entry, how much of ' +
    'it is live. The rest is garbage: old versions, and what deletes left. Batches leave it; a ' +
    "compaction by link removes a sync's, and --reclaim that of all. --reclaim runs a full " +
    'compaction: it rewrites what lies in more than one level and needs as much room meanwhile.',
  arguments: [
    { name: 'store', summary: 'the store to measure', value: { type: 'path', of: 'store' } },
  ],
  options: {
    exact: { summary: 'read every entry, and show how much of it is live' },
    reclaim: { summary: 'compact the whole store, and show what that freed' },
    wait: waitOption,
  },
  examples: [
    ['space base --exact', 'what is garbage'],
    ['space base --reclaim', 'remove it'],
  ],
});
