import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const dropCommand = defineCommand({
  name: 'drop',
  summary: 'remove syncs from a store, in one commit',
  description:
    'Removes syncs from a store (records, indexes, runs and statistics) in one commit and without ' +
    'tombstones. Asks first on a terminal; without one, --yes is required. No file of the store then ' +
    'holds a byte of these syncs, or of data removed earlier: tables that share a file with such data are ' +
    'copied. --no-purge is faster, but removed data may stay in files until LevelDB compacts them. ' +
    'Checkpoints and other copies keep what they hold, and a version that `compact --keep-replaced` kept, ' +
    'which `syncs` lists under its own id, stays until `drop` or `prune` removes it. On a cluster, a collection deletes removed data ' +
    'that no reader keeps: processes that have the store open run it from time to time, and `sstitch cluster ' +
    'collect` runs it at once.',
  arguments: [
    { name: 'store', summary: 'the store to change', value: { type: 'path', of: 'store' } },
  ],
  options: {
    sync: { ...syncsOption('the syncs to remove', ['store']), required: true },
    yes: { summary: 'do not ask' },
    purge: {
      summary: 'leave removed data in shared files until LevelDB compacts them',
      negated: true,
    },
    wait: waitOption,
  },
  examples: [
    ['drop base --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'asks first'],
    ['drop base --sync 36zf,36yx --yes', 'in a script'],
  ],
});
