import { defineCommand } from '../../command-line/command-spec.js';

export const sstVerifyCommand = defineCommand({
  name: 'sst verify',
  summary: 'check all of a table',
  description:
    'Reads a whole table and checks all of it: checksums, order, restart points, index, filter. ' +
    'Exits with 4 at the first thing that is wrong.',
  arguments: [{ name: 'file', summary: 'the table', value: { type: 'path', of: 'file' } }],
  options: {},
  examples: [['sst verify base/gen-000001/000005.ldb', 'one table']],
});
