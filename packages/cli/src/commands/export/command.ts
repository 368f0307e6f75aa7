import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'write the records of syncs as .jsonl',
  description:
    'Writes every record of some syncs to standard output, sync by sync, one JSON object a line: ' +
    '{"type":"grant","record":{…}}. Importing it again makes the same bytes. --json changes ' +
    'nothing here: the lines are JSON already. Checksums of the tables are checked first. Exits ' +
    'with 3, and writes nothing, if the store holds no records of one of the syncs.',
  arguments: [
    { name: 'store', summary: 'the store to read', value: { type: 'path', of: 'store' } },
  ],
  options: { sync: { ...syncsOption('the syncs', ['store']), required: true } },
  examples: [
    ['export base --sync 36zfOAoWMxQdISbixanQCRBiX7E > sync.jsonl', 'to a file'],
    ['export base --sync latest | grep \'"type":"grant"\' | head', 'a look at some grants'],
  ],
});
