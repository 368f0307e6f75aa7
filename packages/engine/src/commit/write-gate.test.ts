// The gate by itself, over a database that the test holds back or breaks as it likes.
import { expect, test } from 'vitest';
import type { LevelDatabase, NativeOperation } from '../level-database.js';
import { MAX_KEPT_BYTES, WriteGate } from './write-gate.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const INSIDE = { start: bytes('m'), end: bytes('n') };

/** Records batches; each ends when the test says so, or at once. */
function recordingDatabase() {
  const batches: Array<{ keys: string[]; sync: boolean }> = [];
  const held: Array<(error?: Error) => void> = [];
  const state = { hold: false };
  const database = {
    _batch(operations: readonly NativeOperation[], { sync }: { sync?: boolean }) {
      batches.push({ keys: operations.map(({ key }) => keyText(key)), sync: sync === true });
      if (!state.hold) return Promise.resolve();
      return new Promise<void>((resolve, reject) => {
        held.push((error) => (error ? reject(error) : resolve()));
      });
    },
  } as unknown as LevelDatabase;
  return { database, batches, held, state };
}

function keyText(key: NativeOperation['key']): string {
  return typeof key === 'string' ? key : Buffer.from(key).toString();
}

const putOf = (key: string, value = ''): NativeOperation => ({
  type: 'put',
  key: bytes(key),
  value: bytes(value),
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a commit waits for the direct writes in flight before it begins', async () => {
  const { database } = recordingDatabase();
  const gate = new WriteGate(database);
  let finish: () => void = () => undefined;
  const write = gate.track(new Promise<void>((resolve) => (finish = resolve)));
  let begun = false;
  const begin = gate.begin([INSIDE]).then(() => (begun = true));
  await settled();
  expect([gate.direct, begun]).toEqual([false, false]);
  finish();
  await Promise.all([write, begin]);
  expect(begun).toBe(true);
});

test('writes queued behind a direct one in flight go after it, in their order, as one group', async () => {
  const { database, batches } = recordingDatabase();
  const gate = new WriteGate(database);
  let finish: () => void = () => undefined;
  void gate.track(new Promise<void>((resolve) => (finish = resolve)));
  const begin = gate.begin([INSIDE]);
  const writes = [
    gate.enqueue([putOf('a')], false),
    gate.enqueue([putOf('m'), putOf('b')], true),
    gate.enqueue([putOf('a')], false),
  ];
  await settled();
  expect(batches).toEqual([]);
  finish();
  await Promise.all([begin, ...writes]);
  // One sync in a group syncs the group.
  expect(batches).toEqual([{ keys: ['a', 'm', 'b', 'a'], sync: true }]);
  expect(gate.take().operations.map(({ key }) => keyText(key))).toEqual(['a', 'b', 'a']);
  expect(gate.take().operations).toEqual([]);
});

test('a group that LevelDB refuses is told to each of its writers and is not kept', async () => {
  const { database, held, state } = recordingDatabase();
  const gate = new WriteGate(database);
  await gate.begin([]);
  state.hold = true;
  const first = gate.enqueue([putOf('a')], false);
  const second = gate.enqueue([putOf('b')], false);
  held[0]?.(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await settled();
  held[1]?.();
  await second;
  expect(gate.take().operations.map(({ key }) => keyText(key))).toEqual(['b']);
});

test('paused writes wait, and go to the next database, in order, once the commit has ended', async () => {
  const [old, next] = [recordingDatabase(), recordingDatabase()];
  const gate = new WriteGate(old.database);
  await gate.begin([INSIDE]);
  await gate.pause();
  const writes = ['a', 'm', 'c'].map((key) => gate.enqueue([putOf(key)], false));
  await settled();
  expect(old.batches).toEqual([]);
  gate.end(next.database);
  await Promise.all(writes);
  expect(old.batches).toEqual([]);
  expect(next.batches.flatMap(({ keys }) => keys)).toEqual(['a', 'm', 'c']);
  await gate.drained();
  expect(gate.direct).toBe(true);
});

test('the pause waits for the group in flight', async () => {
  const { database, held, state } = recordingDatabase();
  const gate = new WriteGate(database);
  await gate.begin([]);
  state.hold = true;
  const write = gate.enqueue([putOf('a')], false);
  let paused = false;
  const pause = gate.pause().then(() => (paused = true));
  await settled();
  expect(paused).toBe(false);
  held[0]?.();
  await Promise.all([write, pause]);
  expect(gate.take().operations).toHaveLength(1);
});

test('after a commit that failed writes go on, to the same database', async () => {
  const { database, batches } = recordingDatabase();
  const gate = new WriteGate(database);
  await gate.begin([INSIDE]);
  await gate.pause();
  const write = gate.enqueue([putOf('m')], false);
  gate.end();
  await write;
  expect(batches).toEqual([{ keys: ['m'], sync: false }]);
});

test('the next commit begins while writes of the last one drain, and keeps the group in flight', async () => {
  const { database, held, state } = recordingDatabase();
  const gate = new WriteGate(database);
  await gate.begin([]);
  await gate.pause();
  state.hold = true;
  const write = gate.enqueue([putOf('a')], false);
  gate.end();
  await gate.begin([]);
  held[0]?.();
  await write;
  expect(gate.take().operations.map(({ key }) => keyText(key))).toEqual(['a']);
});

test('writers wait when a commit keeps too much, and go on when it has taken it', async () => {
  const { database } = recordingDatabase();
  const gate = new WriteGate(database);
  await gate.begin([]);
  const value = 'x'.repeat(8 * 1024 * 1024);
  let done = 0;
  for (let index = 0; index < 8; index++) {
    void gate.enqueue([putOf(`${index}`, value)], false).then(() => done++);
  }
  await expect.poll(() => done).toBe(4);
  await settled();
  expect([done, gate.keptBytes > MAX_KEPT_BYTES]).toEqual([4, true]);
  expect(gate.take().operations).toHaveLength(4);
  await expect.poll(() => done).toBe(8);
});

test('once it refuses, writes that wait and later ones get the error', async () => {
  const { database, batches } = recordingDatabase();
  const gate = new WriteGate(database);
  await gate.begin([]);
  await gate.pause();
  const waiting = gate.enqueue([putOf('a')], false);
  gate.refuse(new Error('poisoned'));
  gate.end();
  await expect(waiting).rejects.toThrow('poisoned');
  await expect(gate.enqueue([putOf('b')], false)).rejects.toThrow('poisoned');
  expect([batches.length, gate.direct]).toEqual([0, false]);
  await gate.drained();
});
