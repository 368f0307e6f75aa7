// The kill family, and the parts of every torture family: a tally, a directory, seeded random numbers.
export { type KillOptions, runKillFamily } from './kill/kill-family.js';
export {
  type CountedReport,
  errorText,
  type FamilyOptions,
  type FamilyReport,
  FamilyTally,
  type TortureFailure,
} from './torture/family.js';
export { seededRandom } from './torture/random.js';
export {
  cleanByExit,
  type TortureDirectory,
  tortureDirectory,
} from './torture/torture-directory.js';
