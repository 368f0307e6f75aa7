// Lets Pebble open a directory and change it (pebble/exercise.go), and checks its entries after each step.
import { digestOf } from './entries.mjs';
import { runProgram } from './go-program.mjs';

const STEPS = [
  'open read-only',
  'open',
  'raise the format version',
  'excise',
  'compact',
  'open again',
];
const CHANGING_STEP = STEPS.indexOf('excise');
const COMPACTING_STEP = STEPS.indexOf('compact');

/**
 * Lets Pebble exercise the directory.
 *
 * @param entries the entries of the directory, at least two
 * @param random chooses the span to excise
 * @returns a sentence about the outcome
 */
export async function exerciseDirectory(program, directory, entries, random) {
  const { start, end } = innerSpan(entries, random);
  const args = ['exercise', directory, hex(start), hex(end)];
  const reports = await runProgram(program, args);
  const excised = withoutSpan(entries, start, end);
  for (const [index, step] of STEPS.entries()) {
    const report = reports[index];
    const expected = digestOf(index < CHANGING_STEP ? entries : excised);
    const { entries: found, sha256 } = report ?? {};
    if (report?.step !== step || found !== expected.entries || sha256 !== expected.sha256) {
      const problem = `after "${step}" Pebble has ${found} entries (${sha256})`;
      throw new Error(`${problem}, not ${expected.entries} (${expected.sha256})`);
    }
  }
  const { oldTables } = reports[0];
  const { oldVirtualTables } = reports[CHANGING_STEP];
  const { oldTables: left } = reports[COMPACTING_STEP];
  if (left > 0) throw new Error(`a full compaction left ${left} of ${oldTables} tables`);
  return `${entries.length} entries in ${oldTables} tables, ${oldVirtualTables} virtual after the excise`;
}

const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** A random span whose bounds are at or beside entries. */
function innerSpan(entries, random) {
  const first = random.next(entries.length - 1);
  const last = first + 1 + random.next(entries.length - 1 - first);
  const start = Buffer.concat([entries[first].key, random.bytes(random.next(2))]);
  const end = entries[last].key;
  // Changing the bounds may have swapped them.
  if (Buffer.compare(start, end) < 0) return { start, end };
  return { start: entries[first].key, end };
}

/** The entries after an excise, with the entry that exercise.go ingests at its start. */
function withoutSpan(entries, start, end) {
  const before = entries.filter(({ key }) => Buffer.compare(key, start) < 0);
  const after = entries.filter(({ key }) => Buffer.compare(key, end) >= 0);
  return [...before, { key: start, value: start }, ...after];
}
