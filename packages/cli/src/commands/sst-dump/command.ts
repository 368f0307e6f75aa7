import { defineCommand } from '../../command-line/command-spec.js';
import { limitOption } from '../../command-line/shared-options.js';

export const sstDumpCommand = defineCommand({
  name: 'sst dump',
  summary: 'show the entries of a table',
  description:
    'Shows the entries of a table in table order: sequence number, type, key and value, decoded.',
  arguments: [{ name: 'file', summary: 'the table', value: { type: 'path', of: 'file' } }],
  options: { limit: limitOption, raw: { summary: 'show values as hex' } },
  examples: [['sst dump base/gen-000001/000005.ldb --limit 5', 'the first five']],
});
