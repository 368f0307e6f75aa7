import { defineCommand } from '../../command-line/command-spec.js';

export const clusterStatusCommand = defineCommand({
  name: 'cluster status',
  summary: 'show slots, runs, leases and loads',
  description:
    'Shows what a store on a cluster consists of: the slots of its log, and how many of them a process that ' +
    'opens the store reads; its runs, and those that wait for their deletion; the leases of the processes that have it ' +
    'open; loads in progress, and orphans, which dead processes left.',
  arguments: [
    {
      name: 'address',
      summary: 'the address of the store',
      value: { type: 'path', of: 'cluster store' },
    },
  ],
  options: {},
  examples: [
    ['cluster status postgres://db/main/acme', 'of a store on PostgreSQL'],
    ['cluster status cassandra://db1,db2/tenants/acme --json', 'for a monitor'],
  ],
});
