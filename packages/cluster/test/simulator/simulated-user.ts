// What a simulated process does with a store, and what it checks: each acknowledged operation is in the log, each
// refused one is not, and each read is of one state.
import { joinTouchingSpans, type Span } from '@sstitch/contract';
import { ClusterError, type ClusterErrorCode } from '../../src/errors.js';
import type { MaintenanceContext } from '../../src/maintenance/flush.js';
import type { ClusterPort } from '../../src/port.js';
import type { View } from '../../src/protocol/log-client.js';
import { readRange } from '../../src/runs/read-range.js';
import type { State } from '../../src/state/state.js';
import { StoreCore } from '../../src/store/store-core.js';
import { type Contents, KEYS, operationOf } from './log-oracle.js';
import { MAINTENANCE, maintain } from './maintenance-tasks.js';
import { randomKeys, randomSpan } from './random-writes.js';
import type { Schedule } from './schedule.js';
import type { SimulatedProcess } from './simulated-process.js';
import { batchWork, largeBatchWork, type MakeWork, replacementWork } from './simulated-writes.js';

const BLOCK_SIZE_BYTES = 1024;
const COMMIT_TIMEOUT_MS = 250;
const MAX_VIEWS = 3;
const ALL_KEYS: Span = { start: new Uint8Array(0), end: undefined };

/** A view, and what must hold of it. */
interface HeldView {
  readonly view: View;
  readonly store: StoreCore;
  /** The newest slot of an operation that was acknowledged before the view was made. */
  readonly floor: number;
  /** How many operations the process had issued. */
  readonly issued: number;
  first: Contents | undefined;
}

/** What a process does, each as often as it is listed. */
const WORK = [
  ...['write', 'write', 'write', 'write', 'replace', 'replace', 'remove', 'large'],
  ...['conditional', 'conditional', 'conditional'],
  ...['get', 'get', 'view', 'view', 'read', 'read', 'release'],
  ...['flush', 'merge', 'fold', 'collect', 'checkpoint', 'reopen'],
];
/** What a process does that opens the store again and again. */
const REOPENING = ['reopen', 'reopen', 'reopen', 'write', 'view', 'read'];

/** One process on the store, and its user. */
export class SimulatedUser {
  readonly #schedule: Schedule;
  readonly #process: SimulatedProcess;
  readonly #port: ClusterPort;
  readonly #isAutomatic: boolean;
  readonly #actions: readonly string[];
  readonly #issued: number[] = [];
  readonly #pending: Array<Promise<void>> = [];
  #views: HeldView[] = [];
  #store: StoreCore | undefined;
  #opening: Promise<void> | undefined;

  /** @param isAutomatic whether its store maintains itself */
  constructor(
    schedule: Schedule,
    process: SimulatedProcess,
    port: ClusterPort,
    isAutomatic: boolean,
  ) {
    this.#schedule = schedule;
    this.#process = process;
    this.#port = port;
    this.#isAutomatic = isAutomatic;
    this.#actions = schedule.random.pick([WORK, WORK, WORK, MAINTENANCE, REOPENING]);
  }

  get process(): SimulatedProcess {
    return this.#process;
  }

  /** Opens the store, works and keeps it open. */
  async work(actions: number): Promise<void> {
    const { random } = this.#schedule;
    await this.#open();
    for (let done = 0; done < actions; done += 1) {
      // A process that only maintains lives long enough to see others come and go.
      const pauseMs = this.#actions === MAINTENANCE ? 200 : 40;
      await this.#process.clock.sleep(random.between(0, pauseMs));
      await this.#act(random.pick(this.#actions));
    }
    await Promise.all(this.#pending);
  }

  /** Call it when nothing fails any more. Reads what is held, and returns the newest state. */
  async finish(): Promise<State> {
    for (const held of [...this.#views]) await this.#readHeld(held);
    let state: State | undefined;
    while (state === undefined) {
      await this.#attempt(async (store) => {
        state = await store.client.latest();
      });
    }
    return state;
  }

  /** Reads the newest state. */
  async readAll(): Promise<void> {
    this.#makeView(await this.#usable());
    for (const held of this.#views) await this.#read(held);
  }

  async close(): Promise<void> {
    for (const held of this.#views.splice(0)) held.view.release();
    await this.#store?.close();
    this.#store = undefined;
  }

  /** Collects twice, with the time between in which leases of the dead end. */
  async collectAll(): Promise<void> {
    const store = await this.#usable();
    const signal = new AbortController().signal;
    await store.maintenance.checkpoint();
    await store.maintenance.collect(signal);
    await this.#process.clock.sleep(3 * this.#schedule.network.leaseMs);
    await store.maintenance.collect(signal);
    await store.maintenance.collect(signal);
  }

  async #act(action: string): Promise<void> {
    const { random } = this.#schedule;
    switch (action) {
      case 'write':
        return this.#start(this.#write(batchWork));
      case 'replace':
        return this.#start(this.#write(replacementWork));
      case 'conditional':
        return this.#start(this.#writeIfUnchanged());
      case 'large':
        return this.#start(this.#write(largeBatchWork));
      case 'remove':
        return this.#attempt(async (store) => store.remove([randomSpan(this.#schedule.random)]));
      case 'get':
        return this.#attempt((store) => this.#get(store));
      case 'view':
        if (this.#views.length >= MAX_VIEWS) this.#views.shift()?.view.release();
        return this.#attempt(async (store) => this.#makeView(store));
      case 'read':
        if (this.#views.length === 0) return;
        return this.#readHeld(random.pick(this.#views));
      case 'release':
        this.#views.shift()?.view.release();
        return;
      case 'flush':
      case 'merge':
      case 'fold':
      case 'collect':
      case 'checkpoint':
        return this.#attempt((store) =>
          maintain(action, store, this.#contextOf(store), this.#schedule),
        );
      case 'reopen':
        await Promise.all(this.#pending.splice(0));
        await this.close();
        return this.#open();
    }
  }

  /** Awaits some operations, and lets others run on. */
  async #start(operation: Promise<void>): Promise<void> {
    if (this.#schedule.random.chance(0.6)) await operation;
    else this.#pending.push(operation);
  }

  /** Writes several times, one after the other or at once, on the condition that some keys stay as a view shows them. */
  async #writeIfUnchanged(): Promise<void> {
    const { random } = this.#schedule;
    const keys = randomKeys(random);
    const spans = keys.map((key) => ({ start: Uint8Array.of(key), end: Uint8Array.of(key, 0) }));
    const operations = [1, 2, 3].map(() => this.#schedule.nextOperation());
    const store = await this.#usable();
    const view = store.client.view(joinTouchingSpans(spans));
    const isAtOnce = random.chance(0.3);
    const write = async (operation: number): Promise<boolean> => {
      const work = random.pick([batchWork, batchWork, largeBatchWork, replacementWork]);
      const { effect, commit } = work(random, operation, (of) => this.#contextOf(of));
      const isDone = await this.#issueIn(store, operation, effect, async () => {
        const { slot } = await view.state();
        this.#schedule.expectUntouched(operation, keys, slot, operations);
        await this.#process.clock.sleep(random.between(0, 40));
        await commit(store, view);
      });
      if (isDone) this.#schedule.count('conditional writes');
      return isDone;
    };
    if (isAtOnce) await Promise.all(operations.map(write));
    else for (const operation of operations) if (!(await write(operation))) break;
    view.release();
  }

  async #write(work: MakeWork): Promise<void> {
    const operation = this.#schedule.nextOperation();
    const { random } = this.#schedule;
    const { effect, commit } = work(random, operation, (of) => this.#contextOf(of));
    await this.#issue(operation, effect, commit);
  }

  #contextOf({ client, reader }: StoreCore): MaintenanceContext {
    return {
      client,
      reader,
      port: this.#port,
      clock: this.#process.clock,
      blockSizeBytes: BLOCK_SIZE_BYTES,
      newId: () => this.#schedule.random.id(),
    };
  }

  /** Runs an operation, and compares its outcome with the log. Returns whether it was acknowledged. */
  async #issue(
    operation: number,
    effect: string,
    run: (store: StoreCore) => Promise<void>,
  ): Promise<boolean> {
    return this.#issueIn(await this.#usable(), operation, effect, run);
  }

  async #issueIn(
    store: StoreCore,
    operation: number,
    effect: string,
    run: (store: StoreCore) => Promise<void>,
  ): Promise<boolean> {
    this.#issued.push(operation);
    this.#schedule.expect(operation, effect);
    try {
      await run(store);
    } catch (error) {
      this.#schedule.refused(operation, error);
      await this.#judge(error, store);
      return false;
    }
    this.#schedule.acknowledged(operation);
    return true;
  }

  async #get(store: StoreCore): Promise<void> {
    const { random, oracle } = this.#schedule;
    const key = random.between(0, KEYS - 1);
    const floor = this.#schedule.acknowledgedSlot;
    const value = operationOf(await store.get(Uint8Array.of(key), undefined));
    for (let slot = floor; slot <= oracle.slot; slot += 1) {
      if (oracle.contentsAt(slot)[key] === value) return;
    }
    throw new Error(`${this.#process.name} read ${value} under ${key}: older than slot ${floor}`);
  }

  #makeView(store: StoreCore): void {
    const floor = this.#schedule.acknowledgedSlot;
    const issued = this.#issued.length;
    this.#views.push({ view: store.client.view(), store, floor, issued, first: undefined });
  }

  async #read(held: HeldView): Promise<void> {
    const { oracle } = this.#schedule;
    const { store } = held;
    const who = `a view of ${this.#process.name}`;
    const state = await held.view.state();
    const read: number[] = Array(KEYS).fill(0);
    const options = { reverse: this.#schedule.random.chance(0.5), signal: undefined };
    for await (const page of readRange(store.reader, state, ALL_KEYS, options)) {
      for (const { key, value } of page) read[key[0] ?? 0] = operationOf(value);
    }
    if (state.slot < held.floor) {
      throw new Error(
        `${who} is at slot ${state.slot}; slot ${held.floor} was acknowledged before`,
      );
    }
    const expected = oracle.contentsAt(state.slot);
    if (`${read}` !== `${expected}`) {
      throw new Error(`${who} shows ${read} at slot ${state.slot}, which has ${expected}`);
    }
    const later = this.#issued.slice(held.issued).find((operation) => read.includes(operation));
    if (later !== undefined) {
      throw new Error(`${who} shows operation ${later}, which was issued after it was made`);
    }
    if (held.first !== undefined && `${held.first}` !== `${read}`) {
      throw new Error(`${who} showed ${held.first} first and ${read} later`);
    }
    held.first = read;
    if (this.#schedule.random.chance(0.2)) oracle.checkSameState(state, this.#process.name);
  }

  /** Does something that may fail as the database does. */
  async #attempt(run: (store: StoreCore) => Promise<void>): Promise<void> {
    const store = await this.#usable();
    try {
      await run(store);
    } catch (error) {
      await this.#judge(error, store);
    }
  }

  async #readHeld(held: HeldView): Promise<void> {
    try {
      await this.#read(held);
    } catch (error) {
      await this.#judge(error, held.store);
    }
  }

  /** Whether an error of a store may happen now. One that lost its lease is closed; the next action opens another. */
  async #judge(error: unknown, store: StoreCore | undefined): Promise<void> {
    const code = error instanceof ClusterError ? error.code : undefined;
    // The process has opened another since.
    if (code !== undefined && store !== undefined && store !== this.#store) return;
    if (code === undefined || !this.#schedule.mayFail(code, this.#process)) {
      this.#schedule.violate(error);
      return;
    }
    if (NEEDS_REOPENING.has(code) && store !== undefined) {
      this.#store = undefined;
      this.#views = [];
      await store.close();
    }
  }

  async #usable(): Promise<StoreCore> {
    if (this.#store === undefined) await this.#open();
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  #open(): Promise<void> {
    this.#opening ??= this.#openOnce().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openOnce(): Promise<void> {
    while (this.#store === undefined) {
      this.#process.leaseRestarts(this.#schedule.network.leaseMs);
      try {
        this.#store = await StoreCore.open({
          port: this.#port,
          clock: this.#process.clock,
          leaseMs: this.#schedule.network.leaseMs,
          commitTimeoutMs: COMMIT_TIMEOUT_MS,
          blockSizeBytes: BLOCK_SIZE_BYTES,
          cacheBytes: this.#schedule.random.chance(0.5) ? 0 : 100_000,
          isAutomatic: this.#isAutomatic,
          newId: () => this.#schedule.random.id(),
          onMaintenanceFailure: (_, error) => this.#judgeMaintenance(error),
        });
      } catch (error) {
        const code = error instanceof ClusterError ? error.code : undefined;
        if (code === undefined || !this.#schedule.mayFail(code, this.#process)) {
          this.#schedule.violate(error);
          return;
        }
        await this.#process.clock.sleep(50);
      }
    }
  }

  #judgeMaintenance(error: unknown): void {
    const code = error instanceof ClusterError ? error.code : undefined;
    if (code === undefined || !this.#schedule.mayFail(code, this.#process)) {
      this.#schedule.violate(error);
    }
  }
}

const NEEDS_REOPENING: ReadonlySet<ClusterErrorCode> = new Set([
  'SSTITCH_LEASE_LOST',
  'SSTITCH_VIEW_GONE',
  'SSTITCH_LOAD_ABORTED',
]);
