import { defineCommand } from '../../command-line/command-spec.js';
import { syncsOption, waitOption, zoneOption } from '../../command-line/shared-options.js';

export const compactCommand = defineCommand({
  name: 'compact',
  summary: 'replace syncs of a base by those of a source, in one commit',
  description:
    'Replaces syncs of the base by those of the source, which is a store or a file of syncs. Under each sync id, ' +
    'the base then holds exactly what the source holds, in every bucket and every index; other syncs do not change. ' +
    'All of this is one commit: readers and crashes find the old contents or the new, never a mix. Another ' +
    'process may have the source open, but not the base. A source that holds nothing under an id is refused with exit code 3, because a mistyped id must not wipe a sync; --allow-empty ' +
    'removes the sync. Linked tables are not read in full: damage in their ' +
    'data is copied too, unless --verify is given. What the syncs held before may ' +
    'stay in shared files until LevelDB compacts them, unless --purge removes it. --keep-replaced ' +
    'keeps the replaced version under a side id, in the same commit, for `rollback`: all entries of both versions ' +
    'are read and built into new tables. A sync of which the base already holds the same version does not change. ' +
    '--dry-run prints the plan, and what would be added, removed and changed. On a cluster, the records of the ' +
    'base are counted when the command begins: another process may change them before the commit.',
  arguments: [],
  options: {
    base: {
      summary: 'the store to change',
      value: { type: 'path', of: 'store' },
      placeholder: 'store',
      required: true,
    },
    from: {
      summary: 'the store, or the .c1z, .jsonl or .csv file, with the new syncs',
      value: { type: 'path', of: 'store' },
      placeholder: 'source',
      required: true,
    },
    sync: syncsOption('the syncs to replace', ['from']),
    all: { summary: 'replace all syncs of the source' },
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
    allowEmpty: {
      summary: 'remove a sync that the source does not hold; asks first on a terminal',
    },
    yes: { summary: 'do not ask' },
    keepReplaced: { summary: 'keep the replaced versions for `rollback`' },
    side: {
      summary:
        'the id under which to keep the replaced version, if one sync is given, for `rollback --side`; the default is ' +
        "derived from the sync's id, and a compaction with the default removes versions that were kept before",
      value: { type: 'sync', stores: ['base'], isVersion: true },
      placeholder: 'sync',
    },
    create: { summary: 'create the base if it does not exist' },
    verify: {
      summary: 'first read the tables that hold the syncs in full, and refuse a damaged one',
    },
    purge: { summary: 'leave no byte of removed data in any file of the base' },
    dryRun: { summary: 'print the plan and change nothing' },
    zone: zoneOption,
    wait: waitOption,
  },
  examples: [
    ['compact --base base --from fresh --sync 36zfOAoWMxQdISbixanQCRBiX7E', 'one sync'],
    ['compact --base base --from fresh --sync latest-finished', 'the sync that finished last'],
    ['compact --base base --from fresh --sync 36zf,36yx --dry-run', 'only print the plan'],
    ['compact --base base --from fresh --all', 'all syncs of the source'],
    ['compact --base backup --from base --all --create', 'a new store with the same syncs'],
    ['compact --base base --from fresh --sync latest --keep-replaced', 'can be rolled back'],
    ['compact --base base --from sync.c1z --all --keep-replaced', 'from a file'],
    ['compact --base base --from fresh --sync latest --strategy rebuild', 'choose the strategy'],
    ['compact --base base --from fresh --sync latest --as 36zf', 'a new run, under the known id'],
  ],
});
