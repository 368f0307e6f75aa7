import { defineCommand } from '../../command-line/command-spec.js';
import {
  bucketOption,
  storeOrFileArgument,
  zoneOption,
} from '../../command-line/shared-options.js';

export const getCommand = defineCommand({
  name: 'get',
  summary: 'show one record',
  description:
    'Shows one record, found by the ids in its key (a resource has two: its type and its own) or by ' +
    'its whole key in hex. Exits with 1 if there is no such record.',
  arguments: [
    storeOrFileArgument,
    { name: 'ids', summary: "the record's ids", value: { type: 'text' }, variadic: true },
  ],
  options: {
    sync: { summary: 'the sync', value: { type: 'sync', stores: ['store'] }, placeholder: 'sync' },
    bucket: bucketOption('the bucket'),
    key: {
      summary: 'the whole key, instead of sync, bucket and ids',
      value: { type: 'hex' },
      placeholder: 'hex',
    },
    raw: { summary: 'show the value as hex' },
    zone: zoneOption,
  },
  examples: [
    ['get base --sync latest --bucket grant group:staff:member:user:ann', 'a grant'],
    ['get base --sync latest --bucket resource user ann', 'a resource'],
    ['get base --sync 36zf --bucket sync_run', 'when the sync ran'],
    ['get base --key 0306…', 'the value of any key'],
  ],
});
