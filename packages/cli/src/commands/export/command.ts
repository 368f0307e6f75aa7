import { defineCommand } from '../../command-line/command-spec.js';
import { storeOrFileArgument, syncsOption } from '../../command-line/shared-options.js';

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'write syncs to .c1z, .jsonl or .csv',
  description:
    'Writes syncs of a store, or of a file of syncs, to a file. The name of the output chooses the ' +
    'format: .c1z, which Baton ' +
    'opens; .jsonl, one record per line; .csv, a sheet of grants with names; each followed by .gz or ' +
    '.zst for compression. Without --output, JSON lines go to standard output. The file appears ' +
    'under its name, and replaces an older one, only when it is complete. An output that is also the input, ' +
    'or that lies inside a store, is refused. Importing a .c1z or .jsonl ' +
    'file restores the same bytes; a version that `compact --keep-replaced` kept is an ordinary ' +
    'sync in the file. A .c1z file of format 3 holds one sync; --format c1z1 writes ' +
    'format 1, which holds any number. Verifies the checksums of the tables first. Exits with 3, and ' +
    'writes nothing, if the store holds no records of one of the syncs.',
  arguments: [storeOrFileArgument],
  options: {
    sync: { ...syncsOption('the syncs', ['store']), required: true },
    output: {
      summary: 'the file to write; - means standard output',
      value: { type: 'path', of: 'file' },
      placeholder: 'file',
      default: '-',
    },
    format: {
      summary: 'the format, if the name does not determine it; c1z1 is format 1 of .c1z',
      value: { type: 'choice', choices: ['c1z', 'c1z1', 'jsonl', 'csv'] },
      placeholder: 'format',
    },
    zone: {
      summary:
        'the time zone of the times in a .c1z file without zones, read or written; the default is that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
    bom: { summary: 'begin a .csv file with a byte order mark, by which Excel recognises UTF-8' },
  },
  examples: [
    ['export base --sync 36zfOAoWMxQdISbixanQCRBiX7E --output sync.c1z', 'a file for Baton'],
    ['export base --sync latest --output sync.jsonl.gz', 'JSON lines, compressed'],
    ['export base --sync latest --output grants.csv --bom', 'a sheet for Excel'],
    ['export sync.c1z --sync latest --output sync.jsonl', 'one format from another'],
    ['export base --sync latest | grep \'"type":"grant"\' | head', 'some of the grants'],
  ],
});
