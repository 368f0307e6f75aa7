import { defineCommand } from '../../command-line/command-spec.js';
import { storeOrFileArgument, zoneOption } from '../../command-line/shared-options.js';

export const statsCommand = defineCommand({
  name: 'stats',
  summary: 'show the counts of a sync, by resource type',
  description:
    'Shows how many resources, entitlements and grants a sync has, by resource type; a grant counts ' +
    'for the type of the resource that it gives access to. The counts are the statistics that a sync ' +
    'writes at its end; if there are none, and always with --exact, the records are counted. ' +
    '`verify` checks statistics against the records.',
  arguments: [storeOrFileArgument],
  options: {
    sync: {
      summary: 'the sync',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
      default: 'latest',
    },
    exact: { summary: 'count the records instead of reading statistics' },
    zone: zoneOption,
  },
  examples: [
    ['stats base', 'of the newest sync'],
    ['stats sync.c1z', 'of a file'],
    ['stats base --sync @2 --exact --json', 'JSON, for a program, with exact counts'],
  ],
});
