// Mutated files of format 3: whatever the change, reading ends, either with records or with one C1zError.
//
// SSTITCH_FUZZ_COUNT sets their number (100000 for the long run), SSTITCH_FUZZ_SEED the first seed.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Files,
  layoutEntries,
  tableDatabase,
  walDatabase,
} from '../../test/format3-databases.js';
import { encodeFormat3, type Format3 } from '../../test/format3-files.js';
import { MUTATIONS, type Mutation, mutate, Random } from '../../test/mutate-format3.js';
import { readContents } from '../../test/read-contents.js';
import { SAMPLE_NAMES, samplePath } from '../../test/samples.js';
import { FIRST_SYNC, SECOND_SYNC, smallSync } from '../../test/small-syncs.js';
import { unpackFormat3 } from '../../test/unpack-format3.js';
import { loadXxhash } from '../envelope/xxhash64.js';
import { C1zError } from '../errors.js';

const COUNT = Number(process.env['SSTITCH_FUZZ_COUNT'] ?? 3000);
const FIRST_SEED = Number(process.env['SSTITCH_FUZZ_SEED'] ?? 1);
/** A case takes about 5 ms on a busy machine. */
const TIMEOUT_MS = 600_000 + COUNT * 50;

/** Limits that suffice for a file of some KiB: a change that needs more is refused. */
const LIMITS = {
  maxDecodedBytes: 2 ** 22,
  maxValueBytes: 2 ** 20,
  pebble: { maxLogBytes: 2 ** 22, maxRangeDeletions: 10_000, maxOpenBytes: 2 ** 25 },
};

/** The codes of faults in a file. */
const FAULTS: ReadonlySet<string> = new Set([
  'SSTITCH_C1Z_NOT_C1Z',
  'SSTITCH_C1Z_FORMAT_UNSUPPORTED',
  'SSTITCH_C1Z_CORRUPT',
  'SSTITCH_C1Z_TOO_LARGE',
]);

/** Mutations under an unchanged checksum: the file is refused or reads as before. */
const NOTICED: ReadonlySet<Mutation> = new Set(['frame']);

interface Original extends Format3 {
  readonly name: string;
  readonly lines: readonly string[];
}

let directory: string;
const originals: Original[] = [];

beforeAll(async () => {
  await loadXxhash();
  directory = await mkdtemp(join(tmpdir(), 'hostile-format3-'));
  const first = smallSync(FIRST_SYNC);
  const both = [...first, ...smallSync(SECOND_SYNC, false)];
  const files = async (name: string, engine: string, made: Files) => {
    for (const encoding of ['indexed', 'tar', 'tar_zstd'] as const) {
      const path = join(directory, 'original.c1z');
      const format3: Format3 = { engine, encoding, files: made };
      writeFileSync(path, encodeFormat3(format3));
      originals.push({ name, ...format3, lines: await readContents(path, directory, LIMITS) });
      removeFiles();
    }
  };
  await files('tables', 'pebble3', await tableDatabase(layoutEntries('pebble3', first)));
  await files('tables of 0.15', 'pebble2', await tableDatabase(layoutEntries('pebble2', first)));
  await files('a WAL of 0.10', 'pebble', walDatabase(layoutEntries('v1', both)));
  // Columnar blocks, range deletions, virtual tables, recycled chunks: Pebble's own.
  for (const name of SAMPLE_NAMES.filter((sample) => /^(a-|f-|g-)/.test(sample))) {
    const { engine, files: own } = await unpackFormat3(readFileSync(samplePath(name)));
    await files(`the sample ${name}`, engine, own);
  }
});

afterAll(() => rm(directory, { recursive: true }));

/**
 * Removes the file, and decoded files, which are left to the owner of the directory. On ext4, truncating a file and
 * writing it again takes many times as long as making a new one, because ext4 writes such files to the disk at once.
 */
function removeFiles(): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
}

async function read(bytes: Uint8Array): Promise<string[] | C1zError> {
  const path = join(directory, 'hostile.c1z');
  writeFileSync(path, bytes);
  try {
    return await readContents(path, directory, LIMITS);
  } catch (error) {
    if (!(error instanceof C1zError) || !FAULTS.has(error.code)) throw error;
    // The message is one line that names the file.
    expect(error.message).toContain(path);
    expect(error.problem).not.toMatch(/[\n\0]/);
    return error;
  } finally {
    removeFiles();
  }
}

const openFiles = () =>
  process.platform === 'linux' ? readdirSync('/proc/self/fd').length : undefined;

describe('a changed file of format 3', () => {
  test(
    `reads as records or ends in one error of the file, ${COUNT} times`,
    async () => {
      const openBefore = openFiles();
      const refused = new Map<Mutation, number>();
      for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed += 1) {
        const random = new Random(seed);
        const original = random.pick(originals);
        const mutation = random.pick(MUTATIONS);
        const bytes = mutate(original, mutation, random);
        if (bytes === undefined) continue;
        const place = `seed ${seed}: ${mutation} of ${original.name}, ${original.encoding}`;
        const result = await read(bytes).catch((error: unknown) => {
          throw new Error(place, { cause: error });
        });
        if (result instanceof C1zError) refused.set(mutation, (refused.get(mutation) ?? 0) + 1);
        else if (NOTICED.has(mutation)) expect(result, place).toEqual(original.lines);
      }
      // The reader detects each kind of change, and no file stays open.
      for (const mutation of MUTATIONS) {
        expect(refused.get(mutation) ?? 0, mutation).toBeGreaterThan(COUNT / 200);
      }
      expect(openFiles()).toBe(openBefore);
      expect(process.memoryUsage().rss).toBeLessThan(2 ** 31);
    },
    TIMEOUT_MS,
  );
});
