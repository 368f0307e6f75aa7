// The families by name, and what a run of each is: short runs, times `scale`; and the long one. `common`
// is what all families take.
import { fileURLToPath } from 'node:url';
import {
  runCorruptionFamily,
  runCrashStatesFamily,
  runFaultsFamily,
  runFullDiskFamily,
  runFullDiskWritesFamily,
  runFuzzFamily,
  runHostileFamily,
  runKillFamily,
  runLevelFaultsFamily,
  runManyCommitsFamily,
  runMetamorphicFamily,
} from '@sstitch/testkit';

const commandLine = fileURLToPath(new URL('../../../packages/cli/dist/index.js', import.meta.url));
const fuzz = (options) => runFuzzFamily({ ...options, commandLine });

export const families = {
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
  corruption: {
    short: (common, scale) => runCorruptionFamily({ ...common, bits: scale > 1 ? 'all' : 'one' }),
    long: (common) => runCorruptionFamily({ ...common, bits: 'all' }),
  },
  fuzz: {
    short: (common, scale) => fuzz({ ...common, inputs: 20_000 * scale }),
    long: (common) => fuzz({ ...common, inputs: 1_000_000 }),
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
  'full-disk-writes': {
    short: (common, scale) => runFullDiskWritesFamily({ ...common, rounds: 50 * scale }),
    long: (common) => runFullDiskWritesFamily({ ...common, rounds: 500 }),
  },
};
