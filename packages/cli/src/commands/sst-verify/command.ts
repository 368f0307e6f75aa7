import { defineCommand } from '../../command-line/command-spec.js';

export const sstVerifyCommand = defineCommand({
  name: 'sst verify',
  summary: 'check a whole table',
  description:
    'Reads a whole table and checks its checksums, order, restart points, index and filter. Exits ' +
    'with 4 at the first fault.',
  arguments: [{ name: 'file', summary: 'the table', value: { type: 'path', of: 'file' } }],
  options: {},
  examples: [['sst verify base/gen-000001/000005.ldb', 'one table']],
});
