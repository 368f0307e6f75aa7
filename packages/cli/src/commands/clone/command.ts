import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const cloneCommand = defineCommand({
  name: 'clone',
  summary: 'copy a sync under another id, in one commit',
  description:
    'Copies a sync under another id: records, indexes, run and statistics, which count the ' +
    'copied records. Records are read and written, not linked, because every key contains the id. An id ' +
    'that the store already holds is refused, unless --replace is given.',
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
      summary: "the id of the copy; the default is a new id or, in another store, the sync's own",
      value: { type: 'sync', stores: ['into', 'store'] },
      placeholder: 'sync',
    },
    into: {
      summary: 'the store to copy into; the default is that of the sync',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
    },
    replace: { summary: 'replace a sync with the new id' },
    wait: waitOption,
  },
  examples: [
    ['clone base --sync latest', 'under a new id'],
    ['clone base --sync 36zf --as 36zfOAoWMxQdISbixanQCRBiX7F', 'under the given id'],
    ['clone base --sync latest --into archive', 'into another store, under its own id'],
  ],
});
