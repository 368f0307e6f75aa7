import { defineCommand } from '../../command-line/command-spec.js';
import { waitOption } from '../../command-line/shared-options.js';

export const pruneCommand = defineCommand({
  name: 'prune',
  summary: 'remove old syncs by a rule, in one commit',
  description:
    'Removes, in one commit, finished syncs that are neither among the newest of their type nor ' +
    'younger than a given age. The sync of each type that finished last always stays, and so do ' +
    'unfinished syncs. A version that `compact --keep-replaced` kept is removed with its sync. Shows ' +
    'what would be removed, then asks; without a terminal, --yes is required. On a cluster, one ' +
    'commit removes at most some 1,500 syncs: remove more in steps, first with a larger --keep.',
  arguments: [
    { name: 'store', summary: 'the store to change', value: { type: 'path', of: 'store' } },
  ],
  options: {
    keep: {
      summary: 'how many finished syncs of each type to keep, the newest first',
      value: { type: 'count', least: 1 },
      placeholder: 'n',
      default: 1,
    },
    youngerThan: {
      summary: 'also keep syncs that finished at most this many days ago',
      value: { type: 'count', least: 0, most: 36500 },
      placeholder: 'days',
    },
    keepSync: {
      summary: 'syncs to keep in any case (comma-separated)',
      value: { type: 'syncs', stores: ['store'] },
      placeholder: 'syncs',
    },
    removeReplaced: { summary: 'also remove the replaced versions of syncs that stay' },
    dryRun: { summary: 'show what would be removed and change nothing' },
    yes: { summary: 'do not ask' },
    wait: waitOption,
  },
  examples: [
    ['prune base --keep 3 --dry-run', 'show what would be removed'],
    ['prune base --keep 3 --younger-than 30', 'keep the newest three, and those of a month'],
    ['prune base --keep 1 --yes', 'in a script'],
  ],
});
