import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const generateCommand = defineCommand({
  name: 'generate',
  summary: 'fill a store with synthetic syncs',
  description:
    'Makes synthetic syncs in a store, which is made if it does not exist. The same options make ' +
    'the same bytes on every machine. The ids of the syncs depend on the seed alone; so another ' +
    'revision is a newer version of the same syncs, fit to be compacted into the first.',
  arguments: [
    { name: 'store', summary: 'the store to fill', value: { type: 'path', of: 'store' } },
  ],
  options: {
    grants: {
      summary: 'grants of each sync',
      value: { type: 'count', least: 1 },
      placeholder: 'n',
      required: true,
    },
    syncs: {
      summary: 'how many syncs',
      value: { type: 'count', least: 1, most: 1000 },
      placeholder: 'k',
      default: 1,
    },
    seed: {
      summary: 'other seeds make other syncs',
      value: { type: 'count', least: 0 },
      placeholder: 's',
      default: 1,
    },
    revision: {
      summary: 'which version of the syncs',
      value: { type: 'count', least: 0 },
      placeholder: 'r',
      default: 1,
    },
    wait: waitOption,
  },
  examples: [
    ['generate base --grants 100000 --syncs 3', 'a base with three syncs'],
    ['generate fresh --grants 100000 --revision 2', 'a newer version of the first of them'],
  ],
});
