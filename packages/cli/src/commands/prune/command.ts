import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const pruneCommand = defineCommand({
  name: 'prune',
  summary: 'remove old syncs by a rule, in one commit',
  description:
    'Removes finished syncs that are neither among the newest of their type nor younger than an ' +
    'age, all in one commit. Of each type the one that finished last always stays, and so do ' +
    'syncs that have not finished. A version that `compact --keep-replaced` kept goes with its ' +
    'sync. Shows what would go, then asks; where there is no terminal --yes is required.',
  arguments: [
    { name: 'store', summary: 'the store to change', value: { type: 'path', of: 'store' } },
  ],
  options: {
    keep: {
      summary: 'how many finished syncs of each type stay, those that finished last',
      value: { type: 'count', least: 1 },
      placeholder: 'n',
      default: 1,
    },
    youngerThan: {
      summary: 'syncs that finished so many days ago or later stay, too',
      value: { type: 'count', least: 0, most: 36500 },
      placeholder: 'days',
    },
    keepSync: {
      summary: 'syncs that stay in any case; several between commas',
      value: { type: 'syncs', stores: ['store'] },
      placeholder: 'syncs',
    },
    removeReplaced: { summary: 'remove the replaced versions of syncs that stay, too' },
    dryRun: { summary: 'change nothing, show what would go' },
    yes: { summary: 'do not ask' },
    wait: waitOption,
  },
  examples: [
    ['prune base --keep 3 --dry-run', 'what would go'],
    ['prune base --keep 3 --younger-than 30', 'the newest three, and a month'],
    ['prune base --keep 1 --yes', 'in a script'],
  ],
});
