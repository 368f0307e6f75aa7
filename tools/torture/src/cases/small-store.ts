// A small store with every kind of file, for families that change each of its bytes: tables written by LevelDB
// and by SSTitch, a MANIFEST of several edits, a log of several batches.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { byteEncodings, type EntryPages, type ReadableEngine } from '@sstitch/contract';
import { readManifest, Store } from '@sstitch/engine';
import { seededRandom } from '@sstitch/testkit/torture';

/** Entries as hex, in key order. */
export type HexContents = ReadonlyArray<readonly [key: string, value: string]>;

export interface SmallStore {
  readonly path: string;
  /** Relative paths of all files that matter, which excludes LevelDB's lock and info logs. */
  readonly files: readonly string[];
  /** The same store at an earlier time, with other files or other bytes. */
  readonly stalePath: string;
  /** The content of the tables, then the content after each batch of the log. */
  readonly states: readonly HexContents[];
}

const BLOCK_BYTES = 256;
const ENCODINGS = { keyEncoding: 'view', valueEncoding: 'view' } as const;

/** Creates the store at `path` and a copy of an earlier state at `stalePath`. */
export async function makeSmallStore(
  path: string,
  stalePath: string,
  seed: number,
): Promise<SmallStore> {
  const random = seededRandom(seed);
  const value = () =>
    Uint8Array.from({ length: 3 + Math.floor(random() * 20) }, () => Math.floor(random() * 256));
  const open = async () => {
    const opened: Store<Uint8Array, Uint8Array> = new Store(path, {
      ...ENCODINGS,
      blockSize: BLOCK_BYTES,
      shareTablesFromBytes: 0,
    });
    await opened.open();
    return opened;
  };
  const put = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      type: 'put' as const,
      key: Buffer.from(`${prefix}${String(index).padStart(3, '0')}`),
      value: value(),
    }));

  let store = await open();
  await store.batch(put('a', 24), byteEncodings);
  const span = { start: Buffer.from('b'), end: Buffer.from('c') };
  await store.replaceSpans([span], pages(put('b', 24)));
  await store.batch([...put('c', 16), { type: 'del', key: Buffer.from('a003') }], byteEncodings);
  await store.checkpoint(stalePath);
  await store.close();
  // The second open writes the log to a table and a MANIFEST of two edits.
  store = await open();
  await store.batch(put('a', 6), byteEncodings);
  await store.compactRange(new Uint8Array(64).fill(0xff), new Uint8Array(0));
  const states = [await contentsOf(store)];
  for (const batch of [
    put('d', 3),
    [{ type: 'del' as const, key: Buffer.from('b001') }],
    put('a', 2),
  ]) {
    await store.batch(batch, byteEncodings);
    states.push(await contentsOf(store));
  }
  await store.close();
  return { path, stalePath, files: filesOf(path), states };
}

async function* pages(
  puts: ReadonlyArray<{ readonly key: Uint8Array; readonly value: Uint8Array }>,
): EntryPages {
  yield puts.map(({ key, value }) => [key, value] as const);
}

/** All entries that iteration returns. */
export async function contentsOf(engine: ReadableEngine): Promise<HexContents> {
  const iterator = engine.iterator({ ...byteEncodings });
  const contents: Array<readonly [string, string]> = [];
  try {
    for (;;) {
      const page = await iterator.nextv(1000);
      if (page.length === 0) return contents;
      for (const [key, value] of page) contents.push([hex(key), hex(value)]);
    }
  } finally {
    await iterator.close();
  }
}

/** The entries that `get` finds among the keys. */
export async function gotten(
  engine: ReadableEngine,
  keys: readonly string[],
): Promise<HexContents> {
  const values = await engine.getMany(
    keys.map((key) => Buffer.from(key, 'hex')),
    byteEncodings,
  );
  return keys.flatMap((key, index) => {
    const value = values[index];
    return value === undefined ? [] : [[key, hex(value)] as const];
  });
}

export function sameContents(a: HexContents, b: HexContents): boolean {
  return (
    a.length === b.length &&
    a.every(([key, value], at) => b[at]?.[0] === key && b[at]?.[1] === value)
  );
}

/** The files of a store and of its generation, except LevelDB's lock, its info logs and empty files. */
function filesOf(path: string): string[] {
  const generation = readFileSync(join(path, 'CURRENT'), 'latin1').trim();
  const { name } = readManifest(join(path, generation));
  const inside = readdirSync(join(path, generation)).filter(
    (file) => file === name || /^(CURRENT|\d+\.(ldb|log))$/.test(file),
  );
  return ['CURRENT', 'FORMAT', ...inside.map((file) => `${generation}/${file}`)];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
