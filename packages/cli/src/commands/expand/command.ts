import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const expandCommand = defineCommand({
  name: 'expand',
  summary: 'derive the grants that follow through groups',
  description:
    'Derives what members of groups have through them, groups in groups too, as Baton does: grants ' +
    'that are not there are created, those that are get their sources. Entitlements of a cycle do ' +
    'not pass access on to each other. The sync is replaced in one commit, its indexes and ' +
    'statistics follow; where little changes it is one batch. Expanding again changes nothing. --as ' +
    'leaves the sync as it is.',
  arguments: [
    { name: 'store', summary: 'the store to change', value: { type: 'path', of: 'store' } },
  ],
  options: {
    sync: {
      summary: 'the sync to expand',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
      required: true,
    },
    as: {
      summary: 'write the expanded sync under this id',
      value: { type: 'sync', stores: ['store'] },
      placeholder: 'sync',
    },
    skipMismatches: {
      summary:
        'pass over grants to one resource that expand to the entitlement of another; otherwise ' +
        'nothing is expanded',
    },
    wait: waitOption,
  },
  examples: [
    ['expand base --sync latest', 'in place'],
    ['expand base --sync latest --as 36zfOAoWMxQdISbixanQCRBiX7E', 'beside it'],
  ],
});
