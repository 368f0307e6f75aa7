import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'check tables, keys and indexes',
  description:
    'Checks a store from its files up: the rules of its MANIFEST, every table in full (checksums, ' +
    'order, filters, and what the MANIFEST says of it), its logs, every key, and the index entries ' +
    'of every sync against its records, both ways. Lists what is wrong and exits with 4 if ' +
    'anything is. If a table is broken, keys are not checked: LevelDB trusts its tables. Keys of ' +
    'no sync, as an adopted database has them, are counted.',
  arguments: [
    { name: 'store', summary: 'the store to check', value: { type: 'path', of: 'store' } },
  ],
  options: { sync: syncsOption('keys and indexes of these syncs alone', ['store']) },
  examples: [
    ['verify base', 'all of it'],
    ['verify base --sync latest', 'all tables; keys and indexes of one sync'],
  ],
});
