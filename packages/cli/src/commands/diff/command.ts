import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const diffCommand = defineCommand({
  name: 'diff',
  summary: 'what changed between two syncs, or what compacting B into A would change',
  description:
    'Compares syncs of two stores or files of syncs (.c1z, .jsonl, .csv). A sync in both is ' +
    'compared entry by entry: what B adds, what it lacks, and where the values differ; that is ' +
    'what `compact --base A --from B` would change in A. --to names another sync in B: the two ' +
    'are compared record by record, but for their ids and the times at which records were ' +
    'discovered. Without --sync the syncs that finished last in A and in B are compared. Then ' +
    'come sentences: who gained and lost what, and what else changed. Checksums are checked ' +
    'first; tables that both stores have by a link are not read, and not counted as unchanged. ' +
    'With --json one sync makes an object, several make an array of them, in the order given.',
  arguments: [
    { name: 'a', summary: 'the store or file to compare', value: { type: 'path', of: 'store' } },
    {
      name: 'b',
      summary: 'the store or file to compare it with',
      value: { type: 'path', of: 'store' },
    },
  ],
  options: {
    sync: syncsOption('the syncs, in A where --to names others', ['a', 'b']),
    to: {
      summary: 'the sync in B, where it is another one',
      value: { type: 'sync', stores: ['b'] },
      placeholder: 'sync',
    },
    records: { summary: 'print each changed record as a line of JSON, before and after' },
    exitCode: { summary: 'exit with 1 if there is a difference' },
    limit: {
      summary: 'sentences at most; 0 for the counts alone',
      value: { type: 'count', least: 0 },
      placeholder: 'n',
      default: 20,
    },
    zone: {
      summary: 'the time zone of times in .c1z files that name none; by default that of this host',
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
