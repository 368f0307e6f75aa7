import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const mergeCommand = defineCommand({
  name: 'merge',
  summary: 'merge partial syncs over a base sync into a new sync',
  description:
    "Merges partial syncs over a base sync as Baton's compactor does: of the records with one id, " +
    'the one with the latest discovered_at wins; if several have the same discovered_at, the one of the latest ' +
    'partial sync wins. A record of a partial-deletions sync deletes the record with its id. The syncs are in one ' +
    'store, where --base and --partials name them, or in several inputs, which are files or stores: the first holds ' +
    'the base, and of each input the sync that finished last is merged. --into names the store for the result, ' +
    'which is created if it does not exist. One commit writes the merged sync, with its ' +
    'indexes and statistics, as a new sync; the merged inputs do not change.',
  arguments: [
    {
      name: 'inputs',
      summary: 'a store, or files and stores with the base first',
      value: { type: 'path', of: 'store' },
      variadic: true,
    },
  ],
  options: {
    base: {
      summary: 'for one store: the base sync',
      value: { type: 'sync', stores: ['inputs'] },
      placeholder: 'sync',
    },
    partials: syncsOption('for one store: the partial syncs, the oldest first', ['inputs']),
    into: {
      summary: 'the store for the merged sync; the default is the one store that is the input',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
    },
    as: {
      summary: 'the id of the merged sync; the default is a new id',
      value: { type: 'sync', stores: ['into', 'inputs'] },
      placeholder: 'sync',
    },
    replace: { summary: 'replace a sync with that id' },
    assets: { summary: "omit assets, as Baton's compactor does", negated: true },
    zone: {
      summary:
        'the time zone of the times in .c1z files without zones; the default is that of this host',
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
