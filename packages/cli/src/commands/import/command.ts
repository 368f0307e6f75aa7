import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const importCommand = defineCommand({
  name: 'import',
  summary: 'read .c1z, .jsonl and .csv files into a store',
  description:
    'Reads files of syncs into a store, which is made if it does not exist: .c1z files of every ' +
    'format that Baton has written, .jsonl and .csv files as `export` writes them, and any of ' +
    'these compressed by gzip or zstd. What a file is, its first bytes say. Of a directory all ' +
    'files with such names are read; - is standard input. All that the store holds under the same ' +
    'sync ids is replaced, one commit a file: if anything in a file is wrong, nothing of it is ' +
    'imported. The other files are; the exit code is then that of the first failure. Memory is ' +
    'bounded: what does not fit is sorted on disk, in the store or, where there is none yet, in ' +
    'the temporary directory.',
  arguments: [
    {
      name: 'files',
      summary: 'files, directories, pipes; - is standard input',
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
    sync: syncsOption('these syncs of a file alone, or all', []),
    as: {
      summary:
        'bring the one sync in under this id, that the store knows it by: Baton gives every run a ' +
        'new one. Records, indexes and statistics follow',
      value: { type: 'sync', stores: ['into'] },
      placeholder: 'sync',
    },
    zone: {
      summary:
        'the time zone of the host that wrote a .c1z file, whose times name none: "UTC", ' +
        '"Europe/Berlin", "+02:00"; by default that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
    wait: waitOption,
  },
  examples: [
    ['import sync.c1z --into base', 'all syncs of the file'],
    ['import monday.c1z archive/ --into base', 'several files, each in one commit'],
    ['import sync.c1z --into base --sync latest-finished', 'the one that finished last'],
    [
      'import sync.c1z --into base --as 36zfOAoWMxQdISbixanQCRBiX7E',
      'a new run, under the id of the run before',
    ],
    ['import - --into base < sync.jsonl.gz', 'from standard input'],
    ['import sync.c1z --into base --zone Europe/Berlin', 'a connector that ran there wrote it'],
  ],
});
