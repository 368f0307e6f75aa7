import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const diffCommand = defineCommand({
  name: 'diff',
  summary: 'show what differs between two syncs, or what compacting B into A would change',
  description:
    'Compares syncs of two stores or files of syncs (.c1z, .jsonl, .csv). A sync in both is ' +
    'compared entry by entry: the entries that only B has, those that only A has, and those whose ' +
    'values differ. That is what `compact --base A --from B` would change in A. --to names another ' +
    'sync in B: the two are then compared record by record, ignoring the ids of the syncs and the times at ' +
    'which records were discovered. Without --sync, the syncs that finished last in A and in B are ' +
    'compared. Prints counts, and sentences that say who gained and lost what, and what else changed. Verifies ' +
    'checksums first. Tables that both stores link are not read, and their entries are not counted as ' +
    'unchanged. With --json, prints an object for one sync and an array of objects for several, in ' +
    'the order given.',
  arguments: [
    { name: 'a', summary: 'the store or file to compare', value: { type: 'path', of: 'store' } },
    {
      name: 'b',
      summary: 'the store or file to compare it with',
      value: { type: 'path', of: 'store' },
    },
  ],
  options: {
    sync: syncsOption('the syncs; with --to, those in A', ['a', 'b']),
    to: {
      summary: 'the sync in B, if it is another one',
      value: { type: 'sync', stores: ['b'] },
      placeholder: 'sync',
    },
    records: { summary: 'print each changed record, before and after, as a line of JSON' },
    exitCode: { summary: 'exit with 1 if there is a difference' },
    limit: {
      summary: 'the most sentences to print; 0 prints only the counts',
      value: { type: 'count', least: 0 },
      placeholder: 'n',
      default: 20,
    },
    zone: {
      summary:
        'the time zone of the times in .c1z files without zones; the default is that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
  },
  examples: [
    ['diff monday.c1z tuesday.c1z', 'what changed between two files'],
    ['diff base fresh --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'one sync in two stores'],
    ['diff base base --sync @2 --to latest', 'the two newest syncs of a store'],
    ['diff base fresh --sync latest --records | jq .after', 'record by record'],
    ['diff base fresh --sync latest --exit-code > changes.txt', 'for a script'],
  ],
});
