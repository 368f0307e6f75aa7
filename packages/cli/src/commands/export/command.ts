import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'write syncs to .c1z, .jsonl or .csv',
  description:
    'Writes syncs of a store to a file, whose name says how: .c1z, as Baton opens it; .jsonl, one ' +
    'record a line; .csv, a sheet of grants with names; each with .gz or .zst to be compressed. ' +
    'Without --output, lines go to standard output. The file has its name once it is complete; one ' +
    'that has it is then replaced. Importing a .c1z or .jsonl file again makes the same bytes. A ' +
    '.c1z file of format 3 holds one sync; --format c1z1 writes format 1, which holds any number. ' +
    'Checksums of the tables are checked first. Exits with 3, and writes nothing, if the store ' +
    'holds no records of one of the syncs.',
  arguments: [
    { name: 'store', summary: 'the store to read', value: { type: 'path', of: 'store' } },
  ],
  options: {
    sync: { ...syncsOption('the syncs', ['store']), required: true },
    output: {
      summary: 'the file to write; - is standard output',
      value: { type: 'path', of: 'file' },
      placeholder: 'file',
      default: '-',
    },
    format: {
      summary: 'the format, where the name does not say it: c1z1 is format 1 of .c1z',
      value: { type: 'choice', choices: ['c1z', 'c1z1', 'jsonl', 'csv'] },
      placeholder: 'format',
    },
    zone: {
      summary: 'the time zone of times in format 1 of .c1z; by default that of this host',
      value: { type: 'text' },
      placeholder: 'zone',
    },
    bom: { summary: 'begin a .csv file with the mark by which Excel knows UTF-8' },
  },
  examples: [
    ['export base --sync 36zfOAoWMxQdISbixanQCRBiX7E --output sync.c1z', 'a file for Baton'],
    ['export base --sync latest --output sync.jsonl.gz', 'lines, compressed'],
    ['export base --sync latest --output grants.csv --bom', 'a sheet for Excel'],
    ['export base --sync latest | grep \'"type":"grant"\' | head', 'a look at some grants'],
  ],
});
