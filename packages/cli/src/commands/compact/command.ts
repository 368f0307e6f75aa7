import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption } from '../../command-line/shared-options.js';

export const compactCommand = defineCommand({
  name: 'compact',
  summary: 'replace syncs of a base by those of a source, in one commit',
  description:
    'Makes the base hold, under each sync id, exactly what the source holds: every bucket and index, ' +
    'with no stale entry and no change to other syncs. It does so in one commit: readers, and the ' +
    'store after a crash, see the old or the new state, never a mix. A sync that the source does not ' +
    'hold is refused with exit code 3, so that a mistyped id cannot erase a sync; --allow-empty ' +
    'removes it. Only the index and the bounds of linked tables are read: damage in their other ' +
    'blocks is linked too, unless --verify reads them in full. The old data of the syncs may stay in ' +
    'shared files until LevelDB compacts them, unless --purge removes it.',
  arguments: [],
  options: {
    base: {
      summary: 'the store to change',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
      required: true,
    },
    from: {
      summary: 'the store with the new syncs',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
      required: true,
    },
    sync: { ...syncsOption('the syncs to replace', ['from']), required: true },
    as: {
      summary:
        "the sync's id in the base, if it differs: Baton gives every run a new id. The records are " +
        'read and loaded in bulk, not linked, because each key contains the id',
      value: { type: 'sync', stores: ['base'] },
      placeholder: 'sync',
    },
    strategy: {
      summary: 'link tables, rebuild them, or write batches',
      value: { type: 'choice', choices: ['auto', 'link', 'rebuild', 'batch'] },
      placeholder: 'strategy',
      default: 'auto',
    },
    allowEmpty: { summary: 'remove a sync that the source does not hold' },
    verify: { summary: "read the source's tables in full first and refuse a damaged one" },
    purge: { summary: 'leave no byte of removed data in any file of the base' },
    dryRun: { summary: 'print the plan and change nothing' },
    wait: waitOption,
  },
  examples: [
    ['compact --base base --from fresh --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'one sync'],
    ['compact --base base --from fresh --sync latest-finished', 'the sync that finished last'],
    ['compact --base base --from fresh --sync 36zf,36yx --dry-run', 'only print the plan'],
    ['compact --base base --from fresh --sync latest --strategy rebuild', 'choose the strategy'],
    ['compact --base base --from fresh --sync latest --as 36zf', 'a new run, under the known id'],
  ],
});
