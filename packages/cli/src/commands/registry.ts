// The table of all commands, in the order in which help lists them. To add a command, add a directory beside
// this file and a line here.
import { type RegisteredProgram, register } from '../command-line/registered-program.js';
import { adoptCommand } from './adopt/command.js';
import { checkpointCommand } from './checkpoint/command.js';
import { cloneCommand } from './clone/command.js';
import { clusterCheckpointCommand } from './cluster-checkpoint/command.js';
import { clusterCollectCommand } from './cluster-collect/command.js';
import { clusterFoldCommand } from './cluster-fold/command.js';
import { clusterStatusCommand } from './cluster-status/command.js';
import { clusterStoresCommand } from './cluster-stores/command.js';
import { compactCommand } from './compact/command.js';
import { completeSyncsCommand } from './complete-syncs/command.js';
import { completionCommand } from './completion/command.js';
import { demoCommand } from './demo/command.js';
import { diffCommand } from './diff/command.js';
import { digestCommand } from './digest/command.js';
import { dropCommand } from './drop/command.js';
import { expandCommand } from './expand/command.js';
import { exploreCommand } from './explore/command.js';
import { exportCommand } from './export/command.js';
import { generateCommand } from './generate/command.js';
import { getCommand } from './get/command.js';
import { importCommand } from './import/command.js';
import { levelsCommand } from './levels/command.js';
import { manifestDumpCommand } from './manifest-dump/command.js';
import { mergeCommand } from './merge/command.js';
import { pruneCommand } from './prune/command.js';
import { renameCommand } from './rename/command.js';
import { rollbackCommand } from './rollback/command.js';
import { salvageCommand } from './salvage/command.js';
import { scanCommand } from './scan/command.js';
import { selftestCommand } from './selftest/command.js';
import { spaceCommand } from './space/command.js';
import { sstDumpCommand } from './sst-dump/command.js';
import { sstVerifyCommand } from './sst-verify/command.js';
import { statsCommand } from './stats/command.js';
import { syncsCommand } from './syncs/command.js';
import { verifyCommand } from './verify/command.js';
import { watchCommand } from './watch/command.js';
import { whoCommand } from './who/command.js';

export const PROGRAM: RegisteredProgram = {
  name: 'sstitch',
  summary: 'Compact, inspect and verify stores of syncs.',
  groups: [
    {
      title: 'Change a store',
      commands: [
        register(compactCommand, () => import('./compact/run.js')),
        register(importCommand, () => import('./import/run.js')),
        register(watchCommand, () => import('./watch/run.js')),
        register(mergeCommand, () => import('./merge/run.js')),
        register(cloneCommand, () => import('./clone/run.js')),
        register(renameCommand, () => import('./rename/run.js')),
        register(expandCommand, () => import('./expand/run.js')),
        register(rollbackCommand, () => import('./rollback/run.js')),
        register(pruneCommand, () => import('./prune/run.js')),
        register(dropCommand, () => import('./drop/run.js')),
        register(generateCommand, () => import('./generate/run.js')),
      ],
    },
    {
      title: 'Read a store (also while another process has it open)',
      commands: [
        register(syncsCommand, () => import('./syncs/run.js')),
        register(statsCommand, () => import('./stats/run.js')),
        register(exploreCommand, () => import('./explore/run.js')),
        register(digestCommand, () => import('./digest/run.js')),
        register(verifyCommand, () => import('./verify/run.js')),
        register(whoCommand, () => import('./who/run.js')),
        register(diffCommand, () => import('./diff/run.js')),
        register(exportCommand, () => import('./export/run.js')),
        register(getCommand, () => import('./get/run.js')),
        register(scanCommand, () => import('./scan/run.js')),
        register(levelsCommand, () => import('./levels/run.js')),
        register(spaceCommand, () => import('./space/run.js')),
      ],
    },
    {
      title: 'Create a store',
      commands: [
        register(checkpointCommand, () => import('./checkpoint/run.js')),
        register(adoptCommand, () => import('./adopt/run.js')),
      ],
    },
    {
      title: 'Repair a store',
      commands: [register(salvageCommand, () => import('./salvage/run.js'))],
    },
    {
      title: 'Maintain a store on a cluster',
      commands: [
        register(clusterStoresCommand, () => import('./cluster-stores/run.js')),
        register(clusterStatusCommand, () => import('./cluster-status/run.js')),
        register(clusterCollectCommand, () => import('./cluster-collect/run.js')),
        register(clusterFoldCommand, () => import('./cluster-fold/run.js')),
        register(clusterCheckpointCommand, () => import('./cluster-checkpoint/run.js')),
      ],
    },
    {
      title: 'Inspect files, try out',
      commands: [
        register(sstDumpCommand, () => import('./sst-dump/run.js')),
        register(sstVerifyCommand, () => import('./sst-verify/run.js')),
        register(manifestDumpCommand, () => import('./manifest-dump/run.js')),
        register(demoCommand, () => import('./demo/run.js')),
        register(selftestCommand, () => import('./selftest/run.js')),
        register(completionCommand, () => import('./completion/run.js')),
        register(completeSyncsCommand, () => import('./complete-syncs/run.js')),
      ],
    },
  ],
  families: [
    {
      name: 'cluster',
      summary: 'look after a store on a cluster',
      description:
        'Lists the stores of a database, shows what a store on Cassandra or PostgreSQL consists of, and runs the maintenance that its processes otherwise run automatically.',
      examples: [
        ['cluster stores postgres://db/main', 'the addresses of its stores'],
        ['cluster status postgres://db/main/acme', 'slots, runs, leases, loads'],
        ['cluster collect postgres://db/main/acme', 'delete what no process needs'],
      ],
    },
    {
      name: 'sst',
      summary: 'inspect a table file',
      description: 'Reads one table file (.ldb or .sst) without opening the database.',
      examples: [['sst verify base/gen-000001/000005.ldb', 'checksums, order, filter']],
    },
    {
      name: 'manifest',
      summary: "inspect a database's MANIFEST",
      description: 'Reads the MANIFEST of a LevelDB directory without opening the database.',
      examples: [['manifest dump base/gen-000001', 'the tables of each level']],
    },
  ],
};
