import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const renameCommand = defineCommand({
  name: 'rename',
  summary: 'give a sync another id, in one commit',
  description:
    'Gives a sync another id: nothing is left under the old one, and runs of other syncs that ' +
    'name it name the new id. Every key holds the id, so that records are read and written, not ' +
    'linked. An id that the store holds is refused.',
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
    as: {
      summary: 'its new id, all 27 characters of it',
      value: { type: 'sync', stores: [] },
      placeholder: 'sync',
      required: true,
    },
    wait: waitOption,
  },
  examples: [['rename base --sync latest --as 36zfOAoWMxQdISbixanQCRBiX7F', 'the newest sync']],
});
