// Tests the gate over a database whose writes the test delays or makes fail.
import { expect, test } from 'vitest';
import { EngineError } from '../errors.js';
import type {
  LevelDatabase,
  NativeOperation,
  NativeRangeOptions,
} from '../leveldb/level-database.js';
import {
  type ClearWrites,
  MAX_CAPTURED_MEMORY_BYTES,
  type RetireLog,
  WriteGate,
} from './write-gate.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const INSIDE = { start: bytes('m'), end: bytes('n') };

/** Records batches. Each ends when the test ends it, or at once. */
function recordingDatabase() {
  const batches: Array<{ keys: string[]; sync: boolean }> = [];
  const held: Array<(error?: Error) => void> = [];
  const state = { hold: false };
  const write = (keys: string[], { sync }: { sync?: boolean }) => {
    batches.push({ keys, sync: sync === true });
    if (!state.hold) return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      held.push((error) => (error ? reject(error) : resolve()));
    });
  };
  const database = {
    _put: (key: NativeOperation['key'], _: unknown, options: object) =>
      write([keyText(key)], options),
    _del: (key: NativeOperation['key'], options: object) => write([keyText(key)], options),
    _batch: (operations: readonly NativeOperation[], options: object) =>
      write(
        operations.map(({ key }) => keyText(key)),
        options,
      ),
    _clear: () => write(['everything'], {}),
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

/** Makes a gate whose log cannot be retired, unless the test passes a function. */
function gateOf(
  database: LevelDatabase,
  retireLog: RetireLog = () => Promise.reject(new Error('no write has failed')),
) {
  return new WriteGate(database, retireLog);
}

const CLEAR_ALL = { reverse: false, limit: -1 } as NativeRangeOptions;
const clearAll = (writes: ClearWrites) => writes.clear(CLEAR_ALL);

test('a commit begins after the write in flight and before all that follow it, which it captures', async () => {
  const { database, held, state } = recordingDatabase();
  const gate = gateOf(database);
  state.hold = true;
  const write = gate.put(bytes('a'), bytes('1'), {});
  const follows = [gate.put(bytes('b'), bytes('1'), {}), gate.put(bytes('c'), bytes('1'), {})];
  let begun = false;
  const begin = gate.begin([INSIDE]).then(() => (begun = true));
  await settled();
  expect(begun).toBe(false);
  held[0]?.();
  await Promise.all([write, begin]);
  expect(held).toHaveLength(2);
  held[1]?.();
  await Promise.all(follows);
  expect(gate.take().operations.map(({ key }) => keyText(key))).toEqual(['b', 'c']);
});

test('a commit begins during a merged write, and captures it', async () => {
  const { database, held, state } = recordingDatabase();
  const gate = gateOf(database);
  state.hold = true;
  const writes = ['a', 'b', 'c'].map((key) => gate.put(bytes(key), bytes('1'), {}));
  held[0]?.();
  await writes[0];
  await settled();
  await gate.begin([INSIDE]);
  held[1]?.();
  await Promise.all(writes);
  expect(gate.take().operations.map(({ key }) => keyText(key))).toEqual(['b', 'c']);
});

test('writes that arrive while one is in flight follow it in order, as one group', async () => {
  const { database, batches, held, state } = recordingDatabase();
  const gate = gateOf(database);
  await gate.begin([INSIDE]);
  state.hold = true;
  const writes = [
    gate.put(bytes('first'), bytes('1'), {}),
    gate.put(bytes('a'), bytes('1'), {}),
    gate.batch([putOf('m'), putOf('b')], { sync: true }),
    gate.del(bytes('a'), {}),
  ];
  await settled();
  expect(batches).toEqual([{ keys: ['first'], sync: false }]);
  held[0]?.();
  await settled();
  held[1]?.();
  await Promise.all(writes);
  // One synced write makes its whole group synced.
  expect(batches.slice(1)).toEqual([{ keys: ['a', 'm', 'b', 'a'], sync: true }]);
  expect(gate.take().operations.map(({ type, key }) => `${type} ${keyText(key)}`)).toEqual([
    'put first',
    'put a',
    'put b',
    'del a',
  ]);
  expect(gate.take().operations).toEqual([]);
});

test('a clear runs alone and in order, and a commit waits for it', async () => {
  const { database, batches, held, state } = recordingDatabase();
  const gate = gateOf(database);
  state.hold = true;
  const before = gate.put(bytes('a'), bytes('1'), {});
  const clear = gate.clear(clearAll);
  const after = [gate.put(bytes('b'), bytes('1'), {}), gate.put(bytes('c'), bytes('1'), {})];
  let begun = false;
  held[0]?.();
  await before;
  await settled();
  expect(batches.map(({ keys }) => keys)).toEqual([['a'], ['everything']]);
  const begin = gate.begin([]).then(() => (begun = true));
  await settled();
  expect(begun).toBe(false);
  held[1]?.();
  await clear;
  await begin;
  await settled();
  held[2]?.();
  await Promise.all(after);
  expect(batches.at(-1)?.keys).toEqual(['b', 'c']);
});

test('a clear that arrives during a commit runs at its end, before waiting writes, and holds up no other', async () => {
  const [old, next] = [recordingDatabase(), recordingDatabase()];
  const gate = gateOf(old.database);
  await gate.begin([]);
  const clear = gate.clear(clearAll);
  await gate.put(bytes('a'), bytes('1'), {});
  await gate.pause();
  const after = gate.put(bytes('b'), bytes('1'), {});
  gate.end(next.database);
  // The next commit does not overtake it.
  await gate.begin([]);
  await Promise.all([clear, after]);
  expect(old.batches.map(({ keys }) => keys)).toEqual([['a']]);
  expect(next.batches.map(({ keys }) => keys)).toEqual([['everything'], ['b']]);
});

test('a clear that waits for a commit is rejected if the commit poisons the gate', async () => {
  const { database, batches } = recordingDatabase();
  const gate = gateOf(database);
  await gate.begin([]);
  const clear = gate.clear(clearAll);
  gate.refuse(new EngineError('SSTITCH_STORE_POISONED', 'reopen it'));
  await expect(clear).rejects.toThrow('reopen it');
  gate.end();
  await gate.drained();
  expect(batches).toEqual([]);
});

test('a clear whose reads fail does not cast doubt on the log', async () => {
  const { database, batches } = recordingDatabase();
  const gate = gateOf(database);
  await expect(gate.clear(() => Promise.reject(new Error('no read')))).rejects.toThrow('no read');
  await gate.put(bytes('a'), bytes('1'), {});
  expect(batches).toHaveLength(1);
});

test('after a write that failed nothing is written until the log is retired', async () => {
  const { database, batches, held, state } = recordingDatabase();
  let retired: () => void = () => undefined;
  let retirements = 0;
  const gate = gateOf(database, () => {
    retirements++;
    return new Promise((resolve) => (retired = resolve));
  });
  state.hold = true;
  const first = gate.put(bytes('a'), bytes('1'), {});
  const second = gate.put(bytes('b'), bytes('1'), {});
  held[0]?.(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await settled();
  expect([batches.length, retirements]).toEqual([1, 1]);
  state.hold = false;
  retired();
  await second;
  await gate.put(bytes('c'), bytes('1'), {});
  expect(batches.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c']]);
  expect(retirements).toBe(1);
});

test('a log that cannot be retired yet rejects the waiting writes, and the next write tries again', async () => {
  const { database, batches, held, state } = recordingDatabase();
  let isFull = true;
  const gate = gateOf(database, async () => {
    if (isFull) throw new Error('no room');
  });
  state.hold = true;
  const first = gate.put(bytes('a'), bytes('1'), {});
  const waiting = [gate.put(bytes('b'), bytes('1'), {}), gate.del(bytes('c'), {})];
  held[0]?.(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  for (const write of waiting) await expect(write).rejects.toThrow('no room');
  await expect(gate.put(bytes('d'), bytes('1'), {})).rejects.toThrow('no room');
  await expect(gate.begin([])).rejects.toThrow('no room');
  gate.end();
  state.hold = false;
  isFull = false;
  await gate.put(bytes('e'), bytes('1'), {});
  expect(batches.map(({ keys }) => keys)).toEqual([['a'], ['e']]);
});

test('a commit that begins after a failed write has the log retired first', async () => {
  const { database, held, state } = recordingDatabase();
  let retirements = 0;
  const gate = gateOf(database, async () => {
    retirements++;
  });
  state.hold = true;
  const first = gate.put(bytes('a'), bytes('1'), {});
  held[0]?.(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await gate.begin([]);
  expect(retirements).toBe(1);
});

test('a log that can never be retired poisons the gate: every later write gets the error', async () => {
  const { database, batches, held, state } = recordingDatabase();
  const gate = gateOf(database, async () => {
    throw new EngineError('SSTITCH_STORE_POISONED', 'reopen it');
  });
  state.hold = true;
  const first = gate.put(bytes('a'), bytes('1'), {});
  held[0]?.(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  state.hold = false;
  for (const key of ['b', 'c']) {
    await expect(gate.put(bytes(key), bytes('1'), {})).rejects.toThrow('reopen it');
  }
  await expect(gate.clear(clearAll)).rejects.toThrow('reopen it');
  expect(batches).toHaveLength(1);
  await gate.drained();
});

test('after a commit writes go to the next database, whose log is not torn', async () => {
  const [old, next] = [recordingDatabase(), recordingDatabase()];
  const gate = gateOf(old.database);
  await gate.begin([]);
  old.state.hold = true;
  const failing = gate.put(bytes('a'), bytes('1'), {});
  const pause = gate.pause();
  old.held[0]?.(new Error('disk full'));
  await expect(failing).rejects.toThrow('disk full');
  await pause;
  gate.end(next.database);
  await gate.put(bytes('b'), bytes('1'), {});
  expect(next.batches.map(({ keys }) => keys)).toEqual([['b']]);
});

test('a group that LevelDB refuses rejects each of its writers and is not captured', async () => {
  const { database, held, state } = recordingDatabase();
  const gate = gateOf(database, async () => undefined);
  await gate.begin([]);
  state.hold = true;
  const first = gate.batch([putOf('a')], {});
  const second = gate.batch([putOf('b')], {});
  held[0]?.(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  await settled();
  held[1]?.();
  await second;
  expect(gate.take().operations.map(({ key }) => keyText(key))).toEqual(['b']);
});

test('paused writes go to the next database, in order, once the commit has ended', async () => {
  const [old, next] = [recordingDatabase(), recordingDatabase()];
  const gate = gateOf(old.database);
  await gate.begin([INSIDE]);
  await gate.pause();
  const writes = ['a', 'm', 'c'].map((key) => gate.batch([putOf(key)], {}));
  await settled();
  expect(old.batches).toEqual([]);
  gate.end(next.database);
  await Promise.all(writes);
  expect(old.batches).toEqual([]);
  expect(next.batches.flatMap(({ keys }) => keys)).toEqual(['a', 'm', 'c']);
  await gate.drained();
});

test('the pause waits for the group in flight', async () => {
  const { database, held, state } = recordingDatabase();
  const gate = gateOf(database);
  await gate.begin([]);
  state.hold = true;
  const write = gate.batch([putOf('a')], {});
  let paused = false;
  const pause = gate.pause().then(() => (paused = true));
  await settled();
  expect(paused).toBe(false);
  held[0]?.();
  await Promise.all([write, pause]);
  expect(gate.take().operations).toHaveLength(1);
});

test('after a failed commit writes continue on the same database', async () => {
  const { database, batches } = recordingDatabase();
  const gate = gateOf(database);
  await gate.begin([INSIDE]);
  await gate.pause();
  const write = gate.batch([putOf('m')], {});
  gate.end();
  await write;
  expect(batches).toEqual([{ keys: ['m'], sync: false }]);
});

test('the next commit begins while writes of the last one drain, and captures the group in flight', async () => {
  const { database, held, state } = recordingDatabase();
  const gate = gateOf(database);
  await gate.begin([]);
  await gate.pause();
  state.hold = true;
  const write = gate.batch([putOf('a')], {});
  gate.end();
  await gate.begin([]);
  held[0]?.();
  await write;
  expect(gate.take().operations.map(({ key }) => keyText(key))).toEqual(['a']);
});

test('writers wait while too many writes are captured, and continue when the commit has taken them', async () => {
  const { database } = recordingDatabase();
  const gate = gateOf(database);
  await gate.begin([]);
  const value = 'x'.repeat(MAX_CAPTURED_MEMORY_BYTES / 4);
  let done = 0;
  for (let index = 0; index < 8; index++) {
    void gate.batch([putOf(`${index}`, value)], {}).then(() => done++);
  }
  await expect.poll(() => done).toBe(4);
  await settled();
  expect([done, gate.capturedBytes > MAX_CAPTURED_MEMORY_BYTES]).toEqual([4, true]);
  expect(gate.take().operations).toHaveLength(4);
  await expect.poll(() => done).toBe(8);
});

test('writers of tiny operations wait too, as each takes memory beyond its bytes', async () => {
  const { database } = recordingDatabase();
  const gate = gateOf(database);
  await gate.begin([]);
  const operations = Array.from(
    { length: 10_000 },
    () => ({ type: 'del', key: bytes('a') }) as const,
  );
  const batches = 40;
  let done = 0;
  for (let index = 0; index < batches; index++) {
    void gate.batch(operations, {}).then(() => done++);
  }
  await expect.poll(() => done).toBeGreaterThan(20);
  await settled();
  expect(done).toBeLessThan(batches);
  gate.take();
  await expect.poll(() => done).toBe(batches);
});

test('a gate that refuses rejects waiting and later writes', async () => {
  const { database, batches } = recordingDatabase();
  const gate = gateOf(database);
  await gate.begin([]);
  await gate.pause();
  const waiting = gate.batch([putOf('a')], {});
  gate.refuse(new Error('poisoned'));
  gate.end();
  await expect(waiting).rejects.toThrow('poisoned');
  await expect(gate.batch([putOf('b')], {})).rejects.toThrow('poisoned');
  expect(batches).toEqual([]);
  await gate.drained();
});
