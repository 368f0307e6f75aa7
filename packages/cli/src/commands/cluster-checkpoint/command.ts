import { defineCommand } from '../../command-line/command-spec.js';

export const clusterCheckpointCommand = defineCommand({
  name: 'cluster checkpoint',
  summary: 'write the state for processes that open the store',
  description:
    'Writes the state of the store, so that processes that open it later read the log only from there on. ' +
    'Processes of the store do so automatically. It is not a copy of the data.',
  arguments: [
    {
      name: 'address',
      summary: 'the address of the store',
      value: { type: 'path', of: 'cluster store' },
    },
  ],
  options: {},
  examples: [['cluster checkpoint postgres://db/main/acme', 'before a deployment']],
});
