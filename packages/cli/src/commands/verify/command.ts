import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption } from '../../command-line/shared-options.js';

export const verifyCommand = defineCommand({
  name: 'verify',
  summary: 'check tables, keys and indexes',
  description:
    'Checks a store from its files up: the rules of the MANIFEST, every table in full (checksums, ' +
    'order, filters, and its entry in the MANIFEST), the logs, every key, and the index entries of ' +
    'every sync against its records, both ways. Lists the problems and exits with 4 if there are ' +
    'any. If a table is damaged, keys are not checked, because LevelDB trusts its tables. Keys that ' +
    'belong to no sync, as in an adopted database, are counted.',
  arguments: [
    { name: 'store', summary: 'the store to check', value: { type: 'path', of: 'store' } },
  ],
  options: { sync: syncsOption('check keys and indexes of only these syncs', ['store']) },
  examples: [
    ['verify base', 'the whole store'],
    ['verify base --sync latest', 'all tables; keys and indexes of one sync'],
  ],
});
