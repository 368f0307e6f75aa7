import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const importCommand = defineCommand({
  name: 'import',
  summary: 'read a .c1z or .jsonl file into a store',
  description:
    'Reads a .c1z file, or a .jsonl file as `export` writes it, into a store, which is made if it ' +
    'does not exist. All that the store holds under the same sync ids is replaced, in one commit: ' +
    'if anything in the file is wrong, the store stays as it was. Memory is bounded: what does not ' +
    'fit is sorted on disk, in the store or, where there is none yet, in the temporary directory.',
  arguments: [{ name: 'file', summary: 'the file to read', value: { type: 'path', of: 'file' } }],
  options: {
    into: {
      summary: 'the store to import into',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
      required: true,
    },
    sync: syncsOption('these syncs alone', []),
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
    ['import sync.c1z --into base --sync latest-finished', 'the one that finished last'],
    ['import sync.c1z --into base --zone Europe/Berlin', 'a connector that ran there wrote it'],
  ],
});
