import { defineCommand } from '../../command-line/command-spec.js';
import {
  bucketOption,
  limitOption,
  storeOrFileArgument,
  syncsOption,
  zoneOption,
} from '../../command-line/shared-options.js';

export const scanCommand = defineCommand({
  name: 'scan',
  summary: 'show entries in key order',
  description:
    'Shows entries in key order, one per line, with keys and values decoded: those of the whole store, ' +
    'of some syncs, of a bucket, of ids that begin with a text, or of keys that begin with ' +
    'some bytes.',
  arguments: [storeOrFileArgument],
  options: {
    sync: syncsOption('only these syncs', ['store']),
    bucket: bucketOption('only this bucket'),
    prefix: {
      summary: 'only entries whose first id begins with this text; needs --sync and --bucket',
      value: { type: 'text' },
      placeholder: 'text',
    },
    keyPrefix: {
      summary:
        'only entries whose key begins with these bytes; excludes --sync, --bucket and --prefix',
      value: { type: 'hex' },
      placeholder: 'hex',
    },
    limit: limitOption,
    raw: { summary: 'show values as hex' },
    zone: zoneOption,
  },
  examples: [
    ['scan base', 'the first entries of the store'],
    ['scan base --sync latest --bucket grant_by_principal --limit 100', 'an index'],
    [
      'scan base --sync latest --bucket grant --prefix group:',
      'grants by the beginning of their id',
    ],
    ['scan base --bucket sync_run --json', 'all runs, for a program'],
  ],
});
