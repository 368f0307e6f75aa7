import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const importCommand = defineCommand({
  name: 'import',
  summary: 'read .c1z, .jsonl and .csv files into a store',
  description:
    'Reads files of syncs into a store, which is created if it does not exist: .c1z files of every ' +
    'format that Baton has written, .jsonl and .csv files as `export` writes them, and any of these ' +
    'compressed with gzip or zstd. The first bytes of a file determine its format. A directory stands for ' +
    'all files in it with such names; - means standard input. Each file replaces, in one commit, ' +
    'everything the store holds under the same sync ids. A .csv file holds only grants and ' +
    'what their rows name: it replaces a sync by one without other resources and entitlements, ' +
    'parents, profiles, expansions and assets (docs/formats/grants-csv.md). If a path does not ' +
    'exist, nothing is imported. If anything in a file is wrong, nothing of it is imported; the other ' +
    'files still are, and the exit code is that of the first failure, or 1 if that is wrong usage. ' +
    'Memory is bounded: data that does not fit is sorted on disk, in the store or, if it does not ' +
    'exist yet, in the temporary directory.',
  arguments: [
    {
      name: 'files',
      summary: 'files, directories, pipes; - means standard input',
      value: { type: 'path', of: 'file' },
      variadic: true,
    },
  ],
  options: {
    into: {
      summary: 'the store to import into',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
      required: true,
    },
    sync: syncsOption('only these syncs of the file, or all', ['files']),
    as: {
      summary:
        'import the one sync under this id, which the store uses for it: Baton gives every run a new ' +
        'id. Records, indexes and statistics are changed to match',
      value: { type: 'sync', stores: ['into'] },
      placeholder: 'sync',
    },
    zone: {
      summary:
        'the time zone of the host that wrote a .c1z file without time zones: "UTC", ' +
        '"Europe/Berlin", "+02:00"; the default is that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
    wait: waitOption,
  },
  examples: [
    ['import sync.c1z --into base', 'all syncs of the file'],
    ['import monday.c1z archive/ --into base', 'several files, each in one commit'],
    ['import sync.c1z --into base --sync latest-finished', 'the sync that finished last'],
    [
      'import sync.c1z --into base --as 36zfOAoWMxQdISbixanQCRBiX7E',
      'a new run, under the id of the previous run',
    ],
    ['import - --into base < sync.jsonl.gz', 'from standard input'],
    [
      'import sync.c1z --into base --zone Europe/Berlin',
      'a file from a connector that ran in Berlin',
    ],
  ],
});
