import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const expandCommand = defineCommand({
  name: 'expand',
  summary: 'derive the grants that members have through groups',
  description:
    'Derives the grants that members have through groups, including nested groups, as Baton does: ' +
    'creates missing grants and adds sources to existing ones. Entitlements of a cycle do not pass ' +
    'access to each other. The sync is replaced in one commit with its indexes and statistics, or ' +
    'changed by one batch if little changes. Expanding again changes nothing. With --as the original ' +
    'sync does not change; an id that the store already holds is refused, unless --replace is given.',
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
    replace: { summary: 'replace a sync with that id' },
    skipMismatches: {
      summary:
        'skip grants to one resource that expand to an entitlement of another; without this ' +
        'option, nothing is expanded if there are any',
    },
    wait: waitOption,
  },
  examples: [
    ['expand base --sync latest', 'in place'],
    ['expand base --sync latest --as 36zfOAoWMxQdISbixanQCRBiX7E', 'under another id'],
  ],
});
