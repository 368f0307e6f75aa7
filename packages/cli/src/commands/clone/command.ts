import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const cloneCommand = defineCommand({
  name: 'clone',
  summary: 'copy a sync under another id, in one commit',
  description:
    'Copies all of a sync under another id: records, indexes, its run and its statistics, which ' +
    'count the records. Every key holds the id, so that records are read and written, not linked. ' +
    'What the store holds under the new id is refused, unless --replace.',
  arguments: [
    { name: 'store', summary: 'the store of the sync', value: { type: 'path', of: 'store' } },
  ],
  options: {
    sync: {
      summary: 'the sync to copy',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
      required: true,
    },
    as: {
      summary: "the id of the copy; by default a fresh one, in another store the sync's own",
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
    },
    into: {
      summary: 'the store to copy into; that of the sync by default',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
    },
    replace: { summary: 'replace a sync that has the new id' },
    wait: waitOption,
  },
  examples: [
    ['clone base --sync latest', 'under a fresh id'],
    ['clone base --sync 36zf --as 36zfOAoWMxQdISbixanQCRBiX7F', 'under this one'],
    ['clone base --sync latest --into archive', 'into another store, under its own id'],
  ],
});
