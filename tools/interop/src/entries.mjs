// Compares the entries of both sides.
import { createHash } from 'node:crypto';
import { PebbleDatabase } from '@sstitch/pebble';

const LENGTHS_BYTES = 8;

/** The number of entries and their digest, as Pebble's side computes it too. */
export function digestOf(entries) {
  const hash = createHash('sha256');
  for (const { key, value } of entries) {
    const lengths = Buffer.alloc(LENGTHS_BYTES);
    lengths.writeUInt32LE(key.length, 0);
    lengths.writeUInt32LE(value.length, 4);
    hash.update(lengths).update(key).update(value);
  }
  return { entries: entries.length, sha256: hash.digest('hex') };
}

/** Reads the entries of a database. */
export async function readEntries(database, range = {}) {
  const entries = [];
  for await (const page of database.entries(range)) entries.push(...page);
  return entries;
}

/** Reads all entries of the Pebble database in a directory with this repository's reader. */
export async function readDirectory(directory) {
  const database = await PebbleDatabase.open(directory);
  try {
    return await readEntries(database);
  } finally {
    await database.close();
  }
}

/** Parses the entries that Pebble's side prints. */
export function parseEntries(lines) {
  return lines.map(({ k, v }) => ({ key: Buffer.from(k, 'hex'), value: Buffer.from(v, 'hex') }));
}

/** Throws an error that describes the first difference. */
export function expectSame(found, expected, what) {
  for (let index = 0; index < Math.max(found.length, expected.length); index += 1) {
    const a = found[index];
    const b = expected[index];
    const isSame =
      a !== undefined &&
      b !== undefined &&
      Buffer.compare(a.key, b.key) === 0 &&
      Buffer.compare(a.value, b.value) === 0;
    if (isSame) continue;
    throw new Error(`${what}: entry ${index} is ${shown(a)}, not ${shown(b)}`);
  }
}

const SHOWN_BYTES = 40;

function shown(entry) {
  if (entry === undefined) return 'missing';
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  const value = hex(entry.value.subarray(0, SHOWN_BYTES));
  return `${hex(entry.key)} = ${value} (${entry.value.length} bytes)`;
}
