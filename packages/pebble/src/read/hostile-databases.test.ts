// Mutated databases: whatever the change, reading ends, either with entries or with a PebbleError.
//
// SSTITCH_FUZZ_COUNT sets their number, SSTITCH_FUZZ_SEED the first seed.
import { beforeAll, describe, expect, it } from 'vitest';
import { FIXTURE_NAMES, fixtureEntries, fixtureFiles } from '../../test/fixtures.js';
import { DIRECTORY, type Files, MemoryFiles } from '../../test/memory-files.js';
import { MUTATIONS, mutate, Random } from '../../test/mutate-database.js';
import { SAMPLE_NAMES, sampleEntries, sampleFiles } from '../../test/samples.js';
import { loadZstd } from '../encoding/zstd.js';
import { PebbleDatabase, PebbleError } from '../index.js';

const COUNT = Number(process.env['SSTITCH_FUZZ_COUNT'] ?? 2000);
const FIRST_SEED = Number(process.env['SSTITCH_FUZZ_SEED'] ?? 1);
/** A case takes about 10 ms on a busy machine; the limit ends cases that hang. */
const TIMEOUT_MS = 600_000 + COUNT * 500;
/** Limits of memory that suffice for a database of a few KB. */
const LIMITS = { maxBlockBytes: 2 ** 20, maxLogBytes: 2 ** 24, maxRangeDeletions: 10_000 };

interface Original {
  readonly name: string;
  readonly files: Files;
  readonly entries: readonly string[];
}

const originals: Original[] = [];

beforeAll(async () => {
  // The changes of a block decode its table.
  await loadZstd();
  for (const name of FIXTURE_NAMES) {
    originals.push({ name, files: fixtureFiles(name), entries: fixtureEntries(name) });
  }
  for (const name of SAMPLE_NAMES.filter((sample) => !sample.startsWith('b-'))) {
    originals.push({ name, files: await sampleFiles(name), entries: sampleEntries(name) });
  }
});

const keyBytes = (line: string) => new Uint8Array(Buffer.from(line.split(' ')[0] ?? '', 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Reads all entries; returns them or the error. */
async function read(
  files: Files,
  random: Random,
  tornLogs: 'refuse' | 'end',
): Promise<string[] | PebbleError> {
  const fileSystem = new MemoryFiles(files);
  try {
    await using database = await PebbleDatabase.open(DIRECTORY, {
      fileSystem,
      tornLogs,
      ...LIMITS,
    });
    const lines: string[] = [];
    for (const page of database.entriesSync()) {
      for (const { key, value } of page) lines.push(`${hex(key)} ${hex(value)}`);
    }
    // A range, and a single key, must agree with the whole.
    const [from, to] = [random.next(lines.length), random.next(lines.length)].sort((a, b) => a - b);
    const bound = (index = 0) => keyBytes(lines[index] ?? '');
    const range = [...database.entriesSync({ start: bound(from), end: bound(to) })].flat();
    // As one string, because `toEqual` of a list takes longer than all reads together.
    expect(range.map(({ key, value }) => `${hex(key)} ${hex(value)}`).join('\n')).toBe(
      lines.slice(from, to).join('\n'),
    );
    for (let count = Math.min(3, lines.length); count > 0; count -= 1) {
      const line = random.pick(lines);
      const found = database.getSync(keyBytes(line));
      expect(found === undefined ? undefined : hex(found)).toBe(line.split(' ')[1]);
    }
    return lines;
  } catch (error) {
    if (error instanceof PebbleError) return error;
    throw error;
  } finally {
    expect(fileSystem.openCount).toBe(0);
  }
}

function expectAscending(lines: readonly string[]): void {
  const keys = lines.map((line) => line.split(' ')[0] as string);
  const wrong = keys.findIndex((key, index) => index > 0 && (keys[index - 1] as string) >= key);
  expect(wrong).toBe(-1);
}

describe('a changed database', () => {
  it(
    `reads as ascending keys or a PebbleError, ${COUNT} times`,
    async () => {
      let refused = 0;
      for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed += 1) {
        const random = new Random(seed);
        const { name, files } = random.pick(originals);
        const mutation = random.pick(MUTATIONS);
        const changed = mutate(files, mutation, random);
        if (changed === undefined) continue;
        const tornLogs = random.pick(['refuse', 'end'] as const);
        const result = await read(changed, random, tornLogs).catch((error: unknown) => {
          throw new Error(`seed ${seed}: ${mutation} of ${name}`, { cause: error });
        });
        if (result instanceof PebbleError) refused += 1;
        else expectAscending(result);
      }
      // Many changes must be refused.
      expect(refused).toBeGreaterThan(COUNT / 4);
    },
    TIMEOUT_MS,
  );

  it(
    'has the original entries or is refused if a checksum covers the change',
    async () => {
      for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT / 4; seed += 1) {
        const random = new Random(seed);
        const { name, files, entries } = random.pick(originals);
        const file = random.pick([...files.keys()].filter((each) => isCovered(each, files)));
        const bytes = (files.get(file) as Uint8Array).slice();
        const end = file.endsWith('.sst') ? bytes.length - 61 : bytes.length;
        const position = random.next(end);
        bytes[position] = (bytes[position] as number) ^ (1 << random.next(8));
        const result = await read(new Map(files).set(file, bytes), random, 'refuse');
        if (result instanceof PebbleError) continue;
        expect(result.join('\n'), `seed ${seed}: byte ${position} of ${file} in ${name}`).toBe(
          entries.join('\n'),
        );
      }
    },
    TIMEOUT_MS,
  );
});

/** Whether checksums cover the file completely. WALs are excluded: they end at their first incomplete chunk. */
function isCovered(name: string, files: Files): boolean {
  return (files.get(name)?.length ?? 0) > 61 && /\.sst$|^MANIFEST/.test(name);
}
