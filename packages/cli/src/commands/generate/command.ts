import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const generateCommand = defineCommand({
  name: 'generate',
  summary: 'fill a store with synthetic syncs',
  description:
    'Writes synthetic syncs to a store, which is created if it does not exist. The same options ' +
    'produce the same bytes on every machine. The ids of the syncs depend only on the seed, so ' +
    'another revision is a newer version of the same syncs, to be compacted into the first. A store ' +
    'that holds such an id is refused, unless --replace is given.',
  arguments: [
    { name: 'store', summary: 'the store to fill', value: { type: 'path', of: 'store' } },
  ],
  options: {
    grants: {
      summary: 'number of grants in each sync',
      value: { type: 'count', least: 1 },
      placeholder: 'n',
      required: true,
    },
    syncs: {
      summary: 'number of syncs',
      value: { type: 'count', least: 1, most: 1000 },
      placeholder: 'k',
      default: 1,
    },
    seed: {
      summary: 'seed of the random data; another seed produces other syncs',
      value: { type: 'count', least: 0 },
      placeholder: 's',
      default: 1,
    },
    revision: {
      summary: 'version of the syncs',
      value: { type: 'count', least: 0 },
      placeholder: 'r',
      default: 1,
    },
    replace: { summary: 'replace syncs that the store holds under these ids' },
    wait: waitOption,
  },
  examples: [
    ['generate base --grants 100000 --syncs 3', 'a base with three syncs'],
    ['generate fresh --grants 100000 --revision 2', 'a newer version of the first of them'],
  ],
});
