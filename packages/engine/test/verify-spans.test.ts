// Damage in an uncompressed block, which LevelDB reads without an error.
import {
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openReadOnly } from '../src/index.js';
import {
  bytes,
  compactFully,
  openStore,
  openThreadedStore,
  put,
  span,
  temporaryDirectory,
  text,
  VIEW,
} from './store-fixture.js';

const KEYS = 3000;
const PLAIN = { compression: false } as const;

function keyOf(number: number): string {
  return `key ${String(number).padStart(5, '0')}`;
}

function valueText(number: number): string {
  return `value of ${keyOf(number)} `.padEnd(100, '.');
}

async function plainStore(): Promise<string> {
  const location = join(temporaryDirectory(), 'store');
  const store = await openStore(location, PLAIN);
  const all = Array.from(
    { length: KEYS },
    (_, number) => [keyOf(number), valueText(number)] as const,
  );
  await put(store, all);
  await compactFully(store);
  await store.close();
  return location;
}

interface Damage {
  readonly path: string;
  /** Returns the position of the value of the key. */
  readonly valueOffset: number;
}

/** Flips one bit of a value in its table. */
function damage(location: string, number: number): Damage {
  const directory = join(location, readFileSync(join(location, 'CURRENT'), 'latin1').trim());
  for (const name of readdirSync(directory).filter((candidate) => candidate.endsWith('.ldb'))) {
    const path = join(directory, name);
    const contents = readFileSync(path);
    const valueOffset = contents.indexOf(valueText(number), 0, 'latin1');
    if (valueOffset < 0) continue;
    chmodSync(path, 0o644);
    const file = openSync(path, 'r+');
    writeSync(file, Uint8Array.of((contents[valueOffset] as number) ^ 1), 0, 1, valueOffset);
    closeSync(file);
    return { path, valueOffset };
  }
  throw new Error('the value lies in no table');
}

function damaged({ path, valueOffset }: Damage): unknown {
  return expect.objectContaining({
    code: 'SSTITCH_STORE_CORRUPT',
    path,
    // A block has about 4 KiB.
    offset: expect.toSatisfy(
      (offset: number) => offset <= valueOffset && valueOffset < offset + 5000,
    ),
    message: expect.stringContaining('checksum'),
  });
}

describe('verifySpans', () => {
  it('refuses a closed snapshot, as reads do', async () => {
    const store = await openStore(await plainStore());
    const snapshot = store.snapshot();
    await store.excise([span('x')]);
    await snapshot.close();
    await expect(store.verifySpans([span('')], { snapshot })).rejects.toMatchObject({
      code: 'LEVEL_SNAPSHOT_NOT_OPEN',
    });
  });

  it.each([
    ['in this thread', openStore],
    ['in worker threads', openThreadedStore],
  ])(
    'names the damaged file and block, which LevelDB reads without an error: %s',
    async (_, open) => {
      const location = await plainStore();
      const where = damage(location, 1500);
      const store = await open(location, PLAIN);
      const read = text((await store.get(bytes(keyOf(1500)), VIEW)) ?? bytes(''));
      expect(read).not.toBe(valueText(1500));
      expect(read).toHaveLength(100);
      await expect(store.verifySpans([span('key')])).rejects.toThrow(damaged(where) as Error);
      const { path, ...rest } = where;
      const part = [span(keyOf(10), keyOf(20)), span(keyOf(1500), `${keyOf(1500)}\0`)];
      await expect(store.verifySpans(part)).rejects.toThrow(damaged({ path, ...rest }) as Error);
    },
  );

  it('reads only the blocks of the spans', async () => {
    const location = await plainStore();
    damage(location, 1500);
    const store = await openStore(location, PLAIN);
    await store.verifySpans([]);
    await store.verifySpans([span('')].slice(1));
    await store.verifySpans([span('', keyOf(1400)), span(keyOf(1600))]);
    await store.verifySpans([span('nothing is here')]);
  });

  it('checks the state of a snapshot, not what was committed since', async () => {
    const location = await plainStore();
    const where = damage(location, 1500);
    const store = await openStore(location, PLAIN);
    const snapshot = store.snapshot();
    await store.excise([span(keyOf(1000), keyOf(2000))]);
    await store.verifySpans([span(keyOf(1000), keyOf(2000))]);
    const spans = [span(keyOf(1400), keyOf(1600))];
    await expect(store.verifySpans(spans, { snapshot })).rejects.toThrow(damaged(where) as Error);
    await snapshot.close();
  });

  it('finds a missing table, and stops at a signal and at a close', async () => {
    const location = await plainStore();
    const store = await openThreadedStore(location, PLAIN);
    await expect(
      store.verifySpans([span('')], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
    const { path } = damage(location, 0);
    unlinkSync(path);
    await expect(store.verifySpans([span('')])).rejects.toMatchObject({
      code: 'SSTITCH_STORE_CORRUPT',
    });
    await store.close();
    await expect(store.verifySpans([span('')])).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
    });
    await expect(store.verifySpans([span('b', 'a')])).rejects.toThrow();
  });

  it('names the file in the store, not in the private copy, for a read-only store', async () => {
    const location = await plainStore();
    const where = damage(location, 1500);
    const reader = await openReadOnly<Uint8Array, Uint8Array>(location, VIEW);
    onTestFinished(() => reader.close());
    await expect(reader.verifySpans([span('')])).rejects.toThrow(damaged(where) as Error);
    await reader.verifySpans([span('', keyOf(1400))]);
  });

  it('leaves no open file and no copy when it fails in a read-only open', async () => {
    const location = await plainStore();
    const where = damage(location, 1500);
    const open = (verified: ReturnType<typeof span>) =>
      openReadOnly<Uint8Array, Uint8Array>(location, { ...VIEW, verifySpans: [verified] });
    // The open wraps the error in its own.
    await expect(open(span(''))).rejects.toMatchObject({ cause: damaged(where) });
    expect(readdirSync(join(location, 'readers'))).toEqual([]);
    const reader = await open(span('', keyOf(1400)));
    await reader.close();
  });
});
