import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const rollbackCommand = defineCommand({
  name: 'rollback',
  summary: 'restore the version of a sync that a compaction replaced',
  description:
    'Restores, in one commit, the version of a sync that `compact --keep-replaced` kept. The current ' +
    'version, if the store holds one, is kept in its place, so rolling back twice changes nothing. ' +
    '--list shows the kept versions and changes nothing.',
  arguments: [
    { name: 'store', summary: 'the store to change', value: { type: 'path', of: 'store' } },
  ],
  options: {
    sync: {
      summary: 'the sync',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
      required: true,
    },
    side: {
      summary: 'the side id of the version; the default is that of `compact --keep-replaced`',
      value: { type: 'sync', stores: ['store'], isVersion: true },
      placeholder: 'sync',
    },
    list: { summary: 'list the kept versions' },
    wait: waitOption,
  },
  examples: [
    ['rollback base --sync latest', 'undo the last compaction of the sync'],
    ['rollback base --sync latest --list', 'the versions to go back to'],
  ],
});
