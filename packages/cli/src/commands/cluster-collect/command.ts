import { defineCommand } from '../../command-line/command-spec.js';

export const clusterCollectCommand = defineCommand({
  name: 'cluster collect',
  summary: 'delete what no process needs',
  description:
    'Deletes replaced runs that no reader keeps, what dead processes loaded, and the log before the newest checkpoint. ' +
    'Processes of the store do so automatically. A process is dead if its lease is not renewed for twice its duration: ' +
    '--find-dead waits that long, a minute by default.',
  arguments: [
    {
      name: 'address',
      summary: 'the address of the store',
      value: { type: 'path', of: 'cluster store' },
    },
  ],
  options: {
    findDead: { summary: 'wait for twice the duration of a lease, to find dead processes' },
  },
  examples: [
    ['cluster collect postgres://db/main/acme', 'after a large replacement'],
    ['cluster collect cassandra://db1/tenants/acme --find-dead', 'after a machine was lost'],
  ],
});
