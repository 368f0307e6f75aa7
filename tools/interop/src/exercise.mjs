// Pebble opens a directory and changes it (pebble/exercise.go); what it holds after each step is what it must.
import { digestOf } from './entries.mjs';
import { runProgram } from './pebble-program.mjs';

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
 * @param entries what the directory holds; there are two at least
 * @param random picks what is excised
 * @returns a sentence of what was seen
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

/** Bounds inside a random part of the entries, or beside them. */
function innerSpan(entries, random) {
  const first = random.next(entries.length - 1);
  const last = first + 1 + random.next(entries.length - 1 - first);
  const start = Buffer.concat([entries[first].key, random.bytes(random.next(2))]);
  const end = entries[last].key;
  // The entry before the bound may lie behind it by then.
  if (Buffer.compare(start, end) < 0) return { start, end };
  return { start: entries[first].key, end };
}

/** What an excise leaves, and the entry that exercise.go ingests at its start. */
function withoutSpan(entries, start, end) {
  const before = entries.filter(({ key }) => Buffer.compare(key, start) < 0);
  const after = entries.filter(({ key }) => Buffer.compare(key, end) >= 0);
  return [...before, { key: start, value: start }, ...after];
}
