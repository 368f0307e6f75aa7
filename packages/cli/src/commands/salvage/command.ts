import { defineCommand } from '../../command-line/command-spec.js';

export const salvageCommand = defineCommand({
  name: 'salvage',
  summary: 'make a store with a damaged log open again',
  description:
    'Truncates the logs of a closed store at the first damage, so that the store opens as it was at ' +
    'that moment and loses what was written later. The whole logs are kept in the directory ' +
    "'salvaged' of the store. A store without a damaged log is not changed.",
  arguments: [
    {
      name: 'store',
      summary: 'the store to repair',
      value: { type: 'path', of: 'store directory' },
    },
  ],
  options: {},
  examples: [['salvage base', 'then run: sstitch verify base']],
});
