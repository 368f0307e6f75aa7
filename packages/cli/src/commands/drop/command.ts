import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const dropCommand = defineCommand({
  name: 'drop',
  summary: 'remove syncs from a store, in one commit',
  description:
    'Removes everything of some syncs from a store: records, indexes, runs and statistics, in one ' +
    'commit and without a tombstone. Asks first on a terminal; elsewhere --yes is required. No byte ' +
    'of them is left in any file of the store, nor of what was removed before: tables that ' +
    'share a file with them are copied. --no-purge is faster, and leaves some in files until ' +
    'LevelDB compacts them. Checkpoints and other copies keep what they hold.',
  arguments: [
    { name: 'store', summary: 'the store to change', value: { type: 'path', of: 'store' } },
  ],
  options: {
    sync: { ...syncsOption('the syncs to remove', ['store']), required: true },
    yes: { summary: 'do not ask' },
    purge: {
      summary: 'leave removed bytes in shared files until these are compacted',
      negated: true,
    },
    wait: waitOption,
  },
  examples: [
    ['drop base --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'asks first'],
    ['drop base --sync 36zf,36yx --yes', 'in a script'],
  ],
});
