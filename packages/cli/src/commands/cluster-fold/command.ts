import { defineCommand } from '../../command-line/command-spec.js';

export const clusterFoldCommand = defineCommand({
  name: 'cluster fold',
  summary: 'merge small runs into large ones',
  description:
    'Writes the memtable to a run and merges the runs of level 0 into those below, so that lookups read fewer ' +
    'runs. Processes of the store do so automatically.',
  arguments: [
    {
      name: 'address',
      summary: 'the address of the store',
      value: { type: 'path', of: 'cluster store' },
    },
  ],
  options: {},
  examples: [['cluster fold postgres://db/main/acme', 'before many reads']],
});
