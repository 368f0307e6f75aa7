// A case of the family leveldb-faults: writes, some of them during a fault; then, without the fault, more
// writes, a commit and a reopen. Every acknowledged write must be present at each step.

import { rmSync } from 'node:fs';
import type { ReadableEngine } from '@sstitch/contract';
import { EngineError, openReadOnly, Store, verifyStore } from '@sstitch/engine';
import type { LevelFaultPlan, PlannedWrite } from './leveldb-fault-plan.js';
import type { FaultControl } from './leveldb-fault-shim.js';

const VIEW = { keyEncoding: 'view', valueEncoding: 'view' } as const;
type ByteStore = Store<Uint8Array, Uint8Array>;

/** The possible values of each key: the last acknowledged one, and those of writes that failed since. */
export type Expected = Record<string, readonly number[]>;

/** The expected content, and the directory, after a process was killed. */
export interface KilledCase {
  readonly path: string;
  readonly expected: Expected;
}

const UNRELATED = { start: Buffer.from('unrelated-'), end: Buffer.from('unrelated.') };
/** The number that stands for no value. */
const ABSENT = -1;

/** Runs a case in an empty directory. If the process will be killed, returns what its successor must check. */
export async function runLevelFaultCase(
  path: string,
  plan: LevelFaultPlan,
  control: FaultControl,
): Promise<KilledCase | undefined> {
  const run = new LevelFaultCase(path, plan, control);
  return plan.phase === 'write' ? run.writePhase() : run.openPhase();
}

/** Opens and checks the store that a case left. */
export async function checkLeft(path: string, expected: Expected): Promise<void> {
  await checkFiles(path);
  const store = await openStore(path);
  try {
    await checkContents(store, expected, 'opened anew');
    await store.excise([UNRELATED]);
    await checkContents(store, expected, 'after a reopen and a commit');
    await store.put(Buffer.from('unrelated-0'), Buffer.from('1'), { ...VIEW, sync: true });
  } finally {
    await store.close();
  }
  await checkFiles(path);
  rmSync(path, { recursive: true, force: true });
}

async function checkFiles(path: string): Promise<void> {
  const { problems } = await verifyStore(path);
  if (problems.length > 0) throw new Error(`verify finds ${JSON.stringify(problems)}`);
}

async function openStore(path: string, writeBufferSize?: number): Promise<ByteStore> {
  const options = writeBufferSize === undefined ? VIEW : { ...VIEW, writeBufferSize };
  const store: ByteStore = new Store(path, options);
  await store.open();
  return store;
}

class LevelFaultCase {
  readonly #path: string;
  readonly #plan: LevelFaultPlan;
  readonly #control: FaultControl;
  readonly #expected = new Map<string, number[]>();
  #writes = 0;

  constructor(path: string, plan: LevelFaultPlan, control: FaultControl) {
    this.#path = path;
    this.#plan = plan;
    this.#control = control;
  }

  /** Writes to the store during the fault. */
  async writePhase(): Promise<KilledCase | undefined> {
    const { before, during, after, fault, isConcurrent, commits, isKilled } = this.#plan;
    const store = await openStore(this.#path, this.#plan.writeBufferSize);
    try {
      for (const write of before) await this.#write(store, write);
      this.#control.arm(fault);
      if (isConcurrent) await Promise.all(during.map((write) => this.#write(store, write)));
      else for (const write of during) await this.#write(store, write);
      this.#control.disarm();
      let error: unknown;
      for (const write of after) error = await this.#write(store, write);
      // The engine replaces a log that was torn once; other faults of LevelDB's files, and a failed fsync, cost more.
      const isTornOnce = fault.text === '.log' && fault.kinds === 2 && !fault.forever;
      if (isTornOnce && error !== undefined) throw error;
      await checkContents(store, this.#allowed, 'after the fault');
      if (commits) {
        await store.excise([UNRELATED]).catch(checkTyped);
        await checkContents(store, this.#allowed, 'after a commit');
        for (const write of after) await this.#write(store, write);
        await checkContents(store, this.#allowed, 'after a commit and writes');
      }
      if (isKilled) return { path: this.#path, expected: this.#allowed };
    } finally {
      this.#control.disarm();
      if (!isKilled) await store.close();
    }
    await checkLeft(this.#path, this.#allowed);
    return undefined;
  }

  /** Opens the store during the fault. */
  async openPhase(): Promise<KilledCase | undefined> {
    const { before, during, after, fault, phase, isKilled, writeBufferSize } = this.#plan;
    const store = await openStore(this.#path, writeBufferSize);
    for (const write of [...before, ...during]) await this.#write(store, write);
    await store.close();
    this.#control.arm(fault);
    const opening: Promise<ReadableEngine & { close(): Promise<void> }> =
      phase === 'open' ? openStore(this.#path) : openReadOnly(this.#path, VIEW);
    const opened = await opening.catch((error: unknown) => {
      checkTyped((error as { cause?: unknown }).cause);
      return undefined;
    });
    this.#control.disarm();
    if (opened !== undefined) {
      await checkContents(opened, this.#allowed, 'after an open during the fault');
      if (opened instanceof Store) for (const write of after) await this.#write(opened, write);
      await checkContents(opened, this.#allowed, 'after an open during the fault and writes').catch(
        (error: unknown) => {
          if (opened instanceof Store) throw error;
        },
      );
      if (isKilled) return { path: this.#path, expected: this.#allowed };
      await opened.close();
    }
    await checkLeft(this.#path, this.#allowed);
    return undefined;
  }

  get #allowed(): Expected {
    return Object.fromEntries(this.#expected);
  }

  /** Writes; returns the error if the write is refused. */
  async #write(store: ByteStore, { key, sizeBytes, sync }: PlannedWrite): Promise<unknown> {
    const number = this.#writes++ * 100_000 + sizeBytes;
    const options = { ...VIEW, sync };
    // The possible values during the write; concurrent writes to one key are in order.
    const allowed = this.#expected.get(key) ?? [ABSENT];
    this.#expected.set(key, [...allowed, number]);
    try {
      await store.put(Buffer.from(key), writtenValue(number), options);
      const now = this.#expected.get(key) ?? [];
      this.#expected.set(key, now.slice(now.indexOf(number)));
      return undefined;
    } catch (error) {
      return error;
    }
  }
}

/** A value that identifies its write, of that write's size or slightly more. */
function writtenValue(number: number): Buffer {
  const name = `${number}:`;
  return Buffer.from(name.padEnd(number % 100_000, String.fromCharCode(97 + (number % 23))));
}

async function checkContents(
  reader: ReadableEngine,
  expected: Expected,
  when: string,
): Promise<void> {
  const keys = Object.keys(expected);
  const values = await reader.getMany(
    keys.map((key) => Buffer.from(key)),
    VIEW,
  );
  for (const [index, key] of keys.entries()) {
    const value = values[index];
    const allowed = expected[key] ?? [];
    const found = value === undefined ? ABSENT : Number.parseInt(Buffer.from(value).toString(), 10);
    const isWhole = value === undefined || writtenValue(found).equals(value);
    if (allowed.includes(found) && isWhole) continue;
    throw new Error(`${when}, ${key} holds write ${found}; it may hold ${allowed.join(', ')}`);
  }
}

function checkTyped(error: unknown): void {
  if (!(error instanceof EngineError)) throw error;
}
