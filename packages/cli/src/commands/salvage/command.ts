import { defineCommand } from '../../command-line/command-spec.js';

export const salvageCommand = defineCommand({
  name: 'salvage',
  summary: 'open a store again of which a log is damaged',
  description:
    'Drops, of the logs of a closed store, what comes from the first damage on, so that the store ' +
    'opens as it was at that moment: what was written later is lost to it. The whole logs are kept ' +
    "in the store's directory 'salvaged'. A store without a damaged log is left as it is.",
  arguments: [
    { name: 'store', summary: 'the store to mend', value: { type: 'path', of: 'store' } },
  ],
  options: {},
  examples: [['salvage base', 'then: sstitch verify base']],
});
