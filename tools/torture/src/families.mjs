// The families by name, and what a short run of each is. `scale` grows in long runs.
import { fileURLToPath } from 'node:url';
import {
  runCorruptionFamily,
  runCrashStatesFamily,
  runFaultsFamily,
  runFullDiskFamily,
  runFuzzFamily,
  runHostileFamily,
  runKillFamily,
  runManyCommitsFamily,
  runMetamorphicFamily,
} from '@sstitch/testkit';

const commandLine = fileURLToPath(new URL('../../../packages/cli/dist/index.js', import.meta.url));

export const families = {
  'crash-states': ({ seed, scale }) => runCrashStatesFamily({ seed, states: 5000 * scale }),
  faults: ({ seed, scale }) => runFaultsFamily({ seed, everyCode: scale > 1 }),
  kill: ({ seed, scale }) => runKillFamily({ seed, rounds: 100 * scale }),
  corruption: ({ seed, scale }) => runCorruptionFamily({ seed, bits: scale > 1 ? 'all' : 'one' }),
  fuzz: ({ seed, scale }) => runFuzzFamily({ seed, inputs: 20_000 * scale, commandLine }),
  metamorphic: ({ seed, scale }) => runMetamorphicFamily({ seed, runs: 100 * scale }),
  'many-commits': ({ seed, scale }) => runManyCommitsFamily({ seed, commits: 500 * scale }),
  hostile: ({ seed, scale }) => runHostileFamily({ seed, rounds: scale }),
  'full-disk': ({ seed, scale }) => runFullDiskFamily({ seed, rounds: 25 * scale }),
};
