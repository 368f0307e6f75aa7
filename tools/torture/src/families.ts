// The families by name, with a short run, multiplied by `scale`, and a long run of each. `common` holds the
// options of all families.
import { type FamilyOptions, type FamilyReport, runKillFamily } from '@sstitch/testkit/torture';
import { runManyCommitsFamily } from './commits/many-commits.js';
import { runCorruptionFamily } from './corruption/corruption-family.js';
import { runCrashStatesFamily } from './crash/crash-states.js';
import { runFaultsFamily } from './faults/faults.js';
import { runFullDiskFamily } from './full-disk/full-disk.js';
import { runFullDiskWritesFamily } from './full-disk/full-disk-writes.js';
import { runFuzzFamily } from './fuzz/fuzz-family.js';
import { runHostileFamily } from './hostile/hostile-family.js';
import { runLevelFaultsFamily } from './leveldb-faults/leveldb-faults.js';
import { runMetamorphicFamily } from './metamorphic/metamorphic-family.js';
import { runOperationKillsFamily } from './operation-kills/operation-kills.js';
import { runWriteBackFamily } from './write-back/write-back.js';

/** The options of every run. */
export interface CommonOptions extends FamilyOptions {
  /** Run only cases whose name contains this text, in families with named cases. */
  readonly only: string;
}

export interface Family {
  short(common: CommonOptions, scale: number): Promise<FamilyReport>;
  long(common: CommonOptions): Promise<FamilyReport>;
}

export const families: Readonly<Record<string, Family>> = {
  'crash-states': {
    short: (common, scale) => runCrashStatesFamily({ ...common, states: 5000 * scale }),
    long: (common) => runCrashStatesFamily({ ...common, states: 200_000 }),
  },
  faults: {
    short: (common, scale) => runFaultsFamily({ ...common, everyCode: scale > 1 }),
    long: (common) => runFaultsFamily({ ...common, everyCode: true }),
  },
  kill: {
    short: (common, scale) => runKillFamily({ ...common, rounds: 100 * scale }),
    long: (common) => runKillFamily({ ...common, rounds: 5000 }),
  },
  'operation-kills': {
    short: (common, scale) => runOperationKillsFamily({ ...common, killsEach: 10 * scale }),
    long: (common) => runOperationKillsFamily({ ...common, killsEach: 300 }),
  },
  corruption: {
    short: (common, scale) => runCorruptionFamily({ ...common, bits: scale > 1 ? 'all' : 'one' }),
    long: (common) => runCorruptionFamily({ ...common, bits: 'all' }),
  },
  fuzz: {
    short: (common, scale) => runFuzzFamily({ ...common, inputs: 20_000 * scale }),
    long: (common) => runFuzzFamily({ ...common, inputs: 1_000_000 }),
  },
  metamorphic: {
    short: (common, scale) => runMetamorphicFamily({ ...common, runs: 100 * scale }),
    long: (common) => runMetamorphicFamily({ ...common, runs: 1000 }),
  },
  'leveldb-faults': {
    short: (common, scale) => runLevelFaultsFamily({ ...common, cases: 500 * scale }),
    long: (common) => runLevelFaultsFamily({ ...common, cases: 20_000 }),
  },
  'many-commits': {
    short: (common, scale) => runManyCommitsFamily({ ...common, commits: 500 * scale }),
    long: (common) => runManyCommitsFamily({ ...common, commits: 10_000 }),
  },
  hostile: {
    short: (common, scale) => runHostileFamily({ ...common, rounds: scale }),
    long: (common) => runHostileFamily({ ...common, rounds: 20 }),
  },
  'full-disk': {
    short: (common, scale) => runFullDiskFamily({ ...common, rounds: 25 * scale }),
    long: (common) => runFullDiskFamily({ ...common, rounds: 100 }),
  },
  'write-back': {
    short: (common, scale) => runWriteBackFamily({ ...common, casesEach: 4 * scale }),
    long: (common) => runWriteBackFamily(common),
  },
  'full-disk-writes': {
    short: (common, scale) => runFullDiskWritesFamily({ ...common, rounds: 50 * scale }),
    long: (common) => runFullDiskWritesFamily({ ...common, rounds: 500 }),
  },
};
