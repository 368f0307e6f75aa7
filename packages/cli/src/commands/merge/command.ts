import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const mergeCommand = defineCommand({
  name: 'merge',
  summary: 'merge partial syncs over a base sync, into a new sync',
  description:
    "Merges partial syncs over a base sync as Baton's compactor does: of the records of one id the " +
    'one with the latest discovered_at wins, of those of one time that of the later partial. A ' +
    'record of a partial-deletions sync deletes the record of its id. The syncs lie in one store, ' +
    'and --base and --partials name them; or there are several inputs, files or stores, the base ' +
    'first: then the sync that finished last in each is merged, --into a store, which is made if ' +
    'it does not exist. The merged sync is new, and comes in by one commit, with its indexes and ' +
    'statistics; what it is merged of stays as it is.',
  arguments: [
    {
      name: 'inputs',
      summary: 'a store; or files and stores, the base first',
      value: { type: 'path', of: 'store' },
      variadic: true,
    },
  ],
  options: {
    base: {
      summary: 'of one store: the base sync',
      value: { type: 'sync', stores: ['inputs'] },
      placeholder: 'sync',
    },
    partials: syncsOption('of one store: the partial syncs, the oldest first', ['inputs']),
    into: {
      summary: 'the store of the merged sync; by default the one store that is the input',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
    },
    as: {
      summary: 'the id of the merged sync; a fresh one by default',
      value: { type: 'sync', stores: ['into', 'inputs'] },
      placeholder: 'sync',
    },
    replace: { summary: 'replace a sync that has that id' },
    assets: { summary: "leave assets out, as Baton's compactor does", negated: true },
    zone: {
      summary: 'the time zone of times in .c1z files that name none; by default that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
    wait: waitOption,
  },
  examples: [
    ['merge full.c1z monday.c1z tuesday.c1z --into base', 'files'],
    ['merge base --base @3 --partials @2,@1', 'the two newest of a store over the third'],
    ['merge base --base 36zf --partials 36zg --as 36zf --replace', 'into the base sync itself'],
  ],
});
