import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const renameCommand = defineCommand({
  name: 'rename',
  summary: 'give a sync another id, in one commit',
  description:
    'Gives a sync another id. Nothing is left under the old id, and runs of other syncs that refer ' +
    'to it are changed to the new one. Records are read and written, not linked, because every key ' +
    'contains the id. An id that the store already holds is refused.',
  arguments: [
    { name: 'store', summary: 'the store to change', value: { type: 'path', of: 'store' } },
  ],
  options: {
    sync: {
      summary: 'the sync to rename',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
      required: true,
    },
    as: {
      summary: 'the new id, with all 27 characters',
      value: { type: 'sync', stores: [] },
      placeholder: 'sync',
      required: true,
    },
    wait: waitOption,
  },
  examples: [['rename base --sync latest --as 36zfOAoWMxQdISbixanQCRBiX7F', 'the newest sync']],
});
