// The kill family, and what every torture family is made with: a tally, a directory, seeded randomness.
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
