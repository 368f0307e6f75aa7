import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const rollbackCommand = defineCommand({
  name: 'rollback',
  summary: 'put back the version of a sync that a compaction replaced',
  description:
    'Puts back what `compact --keep-replaced` kept of a sync, in one commit. What the sync holds ' +
    'until then is kept in its place: rolling back twice changes nothing. --list shows the ' +
    'versions that are kept, and changes nothing.',
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
      summary: 'the side id of the version; that of the one that was kept last by default',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
    },
    list: { summary: 'list the versions that are kept' },
    wait: waitOption,
  },
  examples: [
    ['rollback base --sync latest', 'undo the last compaction of the sync'],
    ['rollback base --sync 36zf --list', 'what there is to go back to'],
  ],
});
