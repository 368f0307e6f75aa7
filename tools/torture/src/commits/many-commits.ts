// Makes many commits under open readers. Every reader checks that all buckets come from one generation. At the
// end no retired generation has a descriptor, a mapping or a directory left, and memory has not grown.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byteEncodings, type EntryPages } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import {
  type FamilyOptions,
  type FamilyReport,
  FamilyTally,
  seededRandom,
  tortureDirectory,
} from '@sstitch/testkit/torture';

export interface ManyCommitsOptions extends FamilyOptions {
  /** @defaultValue 500 */
  readonly commits?: number;
  /** The number of readers that are open at any time, some of them for many commits. @defaultValue 8 */
  readonly readers?: number;
}

/** The three spans that a commit replaces. */
const BUCKETS = ['a', 'm', 'x'];
const KEYS_IN_BUCKET = 20;
/** A growth of the heap that a leak of one small object a commit would exceed. */
const MAX_HEAP_GROWTH_BYTES = 48 * 1024 * 1024;

/** The resources of a store that a process holds. */
interface Holdings {
  readonly descriptors: number;
  readonly mappings: number;
  readonly directories: number;
}

/** Runs the family, as the top of this file describes. Each commit, with the readers that end during it, is a case. */
export async function runManyCommitsFamily(options: ManyCommitsOptions): Promise<FamilyReport> {
  const { seed, commits = 500, readers = 8 } = options;
  const tally = new FamilyTally('many-commits', options);
  const random = seededRandom(seed);
  const directory = tortureDirectory('many', 'disk');
  const store = new Store(join(directory.path, 'store'), { shareTablesFromBytes: 0 });
  try {
    await commitRevision(store, 0);
    await settled(store);
    const before = await holdingsOf(store.location);
    const heapBefore = process.memoryUsage().heapUsed;
    const open: Array<() => Promise<void>> = [];
    for (let revision = 1; revision <= commits; revision++) {
      await tally.try(`seed ${seed}, commit ${revision}`, async () => {
        while (open.length < readers) open.push(openReader(store, revision - 1, random()));
        await commitRevision(store, revision);
        // Ends a random reader, so that some readers live through many generations.
        const [finish] = open.splice(Math.floor(random() * open.length), 1);
        await finish?.();
      });
    }
    await tally.try(`seed ${seed}, what is left`, async () => {
      for (const finish of open) await finish();
      await settled(store);
      const after = await holdingsOf(store.location);
      if (after.directories !== before.directories || after.mappings > before.mappings + 2) {
        throw new Error(`left behind: ${JSON.stringify({ before, after })}`);
      }
      if (after.descriptors > before.descriptors + 2) {
        throw new Error(`descriptors grew from ${before.descriptors} to ${after.descriptors}`);
      }
      const grown = process.memoryUsage().heapUsed - heapBefore;
      if (grown > MAX_HEAP_GROWTH_BYTES) throw new Error(`the heap grew by ${grown} bytes`);
    });
  } finally {
    await store.close();
    directory.remove();
  }
  return tally.report();
}

async function commitRevision(store: Store, revision: number): Promise<void> {
  const spans = BUCKETS.map((bucket) => ({
    start: Buffer.from(bucket),
    end: Buffer.from(`${bucket}~`),
  }));
  await store.replaceSpans(spans, revisionPages(revision));
}

async function* revisionPages(revision: number): EntryPages {
  const value = Buffer.from(String(revision));
  yield BUCKETS.flatMap((bucket) =>
    Array.from({ length: KEYS_IN_BUCKET }, (_, i): [Uint8Array, Uint8Array] => [
      Buffer.from(`${bucket}${String(i).padStart(3, '0')}`),
      value,
    ]),
  );
}

/** Opens an iterator or a snapshot on a revision; returns a function that reads it to the end and checks it. */
function openReader(store: Store, revision: number, chance: number): () => Promise<void> {
  const check = (values: string[]) => {
    const other = values.find((value) => value !== String(revision));
    if (values.length !== BUCKETS.length * KEYS_IN_BUCKET || other !== undefined) {
      throw new Error(`a reader of revision ${revision} saw ${values.length} entries, ${other}`);
    }
  };
  if (chance < 0.5) {
    const iterator = store.values();
    return async () => check(await iterator.all());
  }
  const snapshot = store.snapshot();
  return async () => {
    check(await store.values({ snapshot }).all());
    const key = Buffer.from('m007');
    const value = await store.get<Uint8Array, Uint8Array>(key, { ...byteEncodings, snapshot });
    if (Buffer.from(value ?? []).toString() !== String(revision)) throw new Error('get disagrees');
    await snapshot.close();
  };
}

const MAX_WAITS = 12_000;

/** Waits until retired generations are removed, which happens after the commits. */
async function settled(store: Store): Promise<void> {
  for (let waits = 0; waits < MAX_WAITS; waits++) {
    const { generations } = await store.metrics();
    if (generations.length === 1) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('retired generations are still there');
}

/** Counts descriptors and mappings on Linux; elsewhere they count as none. */
async function holdingsOf(location: string): Promise<Holdings> {
  const directories = (await readdir(location)).filter((name) => name.startsWith('gen-')).length;
  if (process.platform !== 'linux') return { descriptors: 0, mappings: 0, directories };
  const descriptors = (await readdir('/proc/self/fd')).length;
  const maps = await readFile('/proc/self/maps', 'utf8');
  const mappings = maps.split('\n').filter((line) => line.includes(location)).length;
  return { descriptors, mappings, directories };
}
