import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const mergeCommand = defineCommand({
  name: 'merge',
  summary: 'merge partial syncs over a base sync, into a new sync',
  description:
    "Merges partial syncs over a base sync as Baton's compactor does: of the records of one id the " +
    'one with the latest discovered_at wins, of those of one time that of the later partial. A ' +
    'record of a partial-deletions sync deletes the record of its id. The merged sync is new, and ' +
    'comes in by one commit, with its indexes and statistics; base and partials stay as they are.',
  arguments: [
    { name: 'store', summary: 'the store of the syncs', value: { type: 'path', of: 'store' } },
  ],
  options: {
    base: {
      summary: 'the base sync',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
      required: true,
    },
    partials: {
      ...syncsOption('the partial syncs, the oldest first', ['store']),
      required: true,
    },
    as: {
      summary: 'the id of the merged sync; a fresh one by default',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
    },
    replace: { summary: 'replace a sync that has that id' },
    assets: { summary: "leave assets out, as Baton's compactor does", negated: true },
    wait: waitOption,
  },
  examples: [
    ['merge base --base @3 --partials @2,@1', 'the two newest over the third'],
    ['merge base --base 36zf --partials 36zg --as 36zf --replace', 'into the base sync itself'],
  ],
});
