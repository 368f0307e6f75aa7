// One schedule: processes on one store, with faults, and what must hold during it and after it. Everything follows from
// the seed.
import { createHash } from 'node:crypto';
import { ClusterError, type ClusterErrorCode } from '../../src/errors.js';
import { MemoryCluster } from '../../src/memory/memory-port.js';
import { firstSlotOf, segmentOf } from '../../src/port.js';
import { encodeState, runsOf } from '../../src/state/state-format.js';
import { EventLoop } from './event-loop.js';
import { FaultyPort, type Network } from './faulty-port.js';
import { LogOracle } from './log-oracle.js';
import { Random } from './random.js';
import { SimulatedProcess } from './simulated-process.js';
import { SimulatedUser } from './simulated-user.js';

const LEASE_MS = 300;
const STORE = 'simulated';
/** Long enough for everything that can happen. */
const LIMIT_MS = 120_000;

/** How often something happened, to show that schedules meet it. */
export type Coverage = Map<string, number>;

export class Schedule {
  readonly random: Random;
  readonly oracle = new LogOracle();
  readonly network: Network;
  /** The newest slot of an operation that was acknowledged. */
  acknowledgedSlot = 0;
  readonly #loop = new EventLoop();
  readonly #cluster = new MemoryCluster();
  readonly #coverage: Coverage;
  /** Clocks run at any rate, jump and stand still: processes may fail, but not read or write wrongly. */
  readonly #hasLyingClocks: boolean;
  readonly #effects = new Map<number, string>();
  readonly #refused = new Map<number, unknown>();
  /** By operation: whether it may be applied to a slot. */
  readonly #conditions = new Map<number, (slot: number) => boolean>();
  readonly #users: SimulatedUser[] = [];
  /** Those that have not ended and are not dead. */
  readonly #working = new Set<SimulatedUser>();
  #operations = 0;

  constructor(seed: number, coverage: Coverage) {
    this.random = new Random(seed);
    this.#coverage = coverage;
    this.#hasLyingClocks = this.random.chance(0.35);
    this.network = {
      loop: this.#loop,
      random: this.random,
      oracle: this.oracle,
      faultRate: this.random.pick([0, 0.01, 0.03, 0.1]),
      slowness: this.random.pick([1, 1, 1, 2]),
      unsettledSlots: new Set(),
      latecomers: 0,
      leaseMs: LEASE_MS,
      violation: undefined,
    };
  }

  /** @throws the first broken rule */
  async run(): Promise<void> {
    const processes = this.random.between(2, 5);
    for (let number = 0; number < processes; number += 1) this.#startUser();
    this.#disturb();
    await this.#until(() => this.#working.size === 0);

    this.network.faultRate = 0;
    this.network.slowness = 1;
    for (const { process } of this.#users) process.connect();
    await this.#until(() => this.network.latecomers === 0);
    await this.#compareStates();
    this.#checkOperations();
    await this.#await(Promise.all(this.#living().map((user) => user.close())));
    await this.#checkNothingRemains();
  }

  /** What happened, in short: equal for equal seeds. */
  get trace(): string {
    const state = Buffer.concat(encodeState(this.oracle.state));
    const digest = createHash('sha256').update(state).digest('hex');
    return `${this.#loop.count} events in ${this.#loop.nowMs} ms, state ${digest}`;
  }

  nextOperation(): number {
    this.#operations += 1;
    return this.#operations;
  }

  expect(operation: number, effect: string): void {
    this.#effects.set(operation, effect);
  }

  /** An operation may be applied only while no other, except some, has written to some keys since a slot. */
  expectUntouched(
    operation: number,
    keys: readonly number[],
    since: number,
    except: readonly number[],
  ): void {
    this.#conditions.set(operation, (slot) =>
      keys.every((key) => this.oracle.isUntouched(key, since, slot, except)),
    );
  }

  acknowledged(operation: number): void {
    const applied = this.oracle.appliedOperation(operation);
    if (applied === undefined) {
      this.violate(new Error(`operation ${operation} was acknowledged and is not in the log`));
      return;
    }
    this.acknowledgedSlot = Math.max(this.acknowledgedSlot, applied.slot);
  }

  /** An operation failed: it is not in the log, now or later, unless its outcome is unknown. */
  refused(operation: number, error: unknown): void {
    const isUnknown = error instanceof ClusterError && error.code === 'SSTITCH_COMMIT_UNKNOWN';
    if (!isUnknown) this.#refused.set(operation, error);
  }

  mayFail(code: ClusterErrorCode, process: SimulatedProcess): boolean {
    this.count(code);
    switch (code) {
      case 'SSTITCH_CLUSTER_UNAVAILABLE':
      case 'SSTITCH_COMMIT_UNKNOWN':
      case 'SSTITCH_COMMIT_CONFLICT':
        return true;
      case 'SSTITCH_LEASE_LOST':
      case 'SSTITCH_VIEW_GONE':
      case 'SSTITCH_LOAD_ABORTED':
        return this.#hasLyingClocks || process.isOverLease();
      case 'SSTITCH_STORE_CLOSED':
      case 'SSTITCH_ABORTED':
        // An operation ran while its process closed the store.
        return true;
      default:
        return false;
    }
  }

  violate(error: unknown): void {
    this.network.violation ??= error;
  }

  /** Counts something for the coverage. */
  count(what: string, times = 1): void {
    if (times > 0) this.#coverage.set(what, (this.#coverage.get(what) ?? 0) + times);
  }

  #startUser(): void {
    const { random } = this;
    const rate = this.#hasLyingClocks
      ? random.pick([0.3, 0.8, 1, 1.5, 4])
      : 0.8 + 0.4 * random.next();
    const stops = this.#hasLyingClocks && random.chance(0.5);
    const process = new SimulatedProcess(this.#loop, `process ${this.#users.length}`, rate, stops);
    const port = new FaultyPort(this.#cluster.store(STORE), process, this.network);
    const user = new SimulatedUser(this, process, port, random.chance(0.3));
    this.#users.push(user);
    this.#working.add(user);
    user
      .work(random.between(4, 14))
      .catch((error: unknown) => this.violate(error))
      .finally(() => this.#working.delete(user));
  }

  #living(): SimulatedUser[] {
    return this.#users.filter((user) => !user.process.isDead);
  }

  /** Lets processes sleep, die, lose the network and be replaced, until they have ended. */
  #disturb(): void {
    const { random } = this;
    let disturbances = random.between(0, 10);
    let deaths = random.between(0, 2);
    const calmMs = random.pick([60, 200, 1000]);
    const next = () => {
      const working = [...this.#working];
      if (working.length === 0 || disturbances === 0) return;
      disturbances -= 1;
      this.#disturbOne(random.pick(working), deaths > 0 ? () => deaths-- : undefined);
      this.#loop.after(random.between(1, calmMs), next);
    };
    this.#loop.after(random.between(1, calmMs), next);
  }

  #disturbOne(user: SimulatedUser, countDeath: (() => void) | undefined): void {
    const { random } = this;
    const { process } = user;
    const kind = random.between(0, 9);
    if (kind < 4) {
      process.sleepFor(random.pick([50, 200, 280, 1000, 2000]));
      this.count('sleep');
    } else if (kind < 6) {
      process.cutOffFor(random.pick([50, 300, 1500]));
      this.count('cut off');
    } else if (kind < 7 && this.#hasLyingClocks) {
      process.jumpClock(random.between(0, 3 * LEASE_MS));
      this.count('clock jump');
    } else if (kind < 8 && countDeath !== undefined) {
      countDeath();
      process.die();
      this.#working.delete(user);
      this.#startUser();
      this.count('death');
    }
  }

  async #compareStates(): Promise<void> {
    for (const user of this.#living()) {
      const state = await this.#await(user.finish());
      this.oracle.checkSameState(state, user.process.name);
      if (state.slot < this.acknowledgedSlot) {
        throw new Error(`${user.process.name} is at slot ${state.slot}, which lacks writes`);
      }
    }
  }

  #checkOperations(): void {
    for (const [operation, effect] of this.#effects) {
      const applied = this.oracle.appliedOperation(operation);
      if (applied !== undefined && applied.effect !== effect) {
        throw new Error(`operation ${operation} is ${applied.effect} in the log, not ${effect}`);
      }
      if (applied !== undefined && this.#conditions.get(operation)?.(applied.slot) === false) {
        throw new Error(`operation ${operation} is at slot ${applied.slot}, against its condition`);
      }
      if (applied !== undefined && this.#refused.has(operation)) {
        const message = `operation ${operation} was refused and is at slot ${applied.slot}`;
        throw new Error(message, { cause: this.#refused.get(operation) });
      }
    }
  }

  /** A process that opens last deletes all that the others left. */
  async #checkNothingRemains(): Promise<void> {
    const process = new SimulatedProcess(this.#loop, 'the last process', 1, false);
    const port = new FaultyPort(this.#cluster.store(STORE), process, this.network);
    // It only collects: a fold of its own would make it join.
    const user = new SimulatedUser(this, process, port, false);
    await this.#await(user.work(0));
    await this.#await(user.collectAll());
    await this.#await(user.readAll());
    const { state } = this.oracle;
    const runs = [...runsOf(state).values()];
    const checkpoint = await this.#cluster.store(STORE).readCheckpoint();
    const truncated = firstSlotOf(segmentOf((checkpoint?.slot ?? 0) + 1)) - 1;
    const rows = this.#cluster.rowCounts(STORE);
    const expected = {
      slots: state.slot - truncated,
      announcements: 0,
      chunks: runs.reduce((sum, run) => sum + run.chunks, 0),
      indexes: runs.length,
      loads: 0,
      leases: 1,
      checkpoints: 1,
    };
    if (JSON.stringify(rows) !== JSON.stringify(expected)) {
      throw new Error(
        `after all ended there are ${JSON.stringify(rows)}, not ${JSON.stringify(expected)}`,
      );
    }
    if (state.retired.size > 0 || state.owners.size > 0) {
      throw new Error('after all ended there are retired runs, or owners');
    }
    this.oracle.checkRuns();
    this.count('slots', state.slot);
    await this.#await(user.close());
  }

  async #until(isDone: () => boolean): Promise<void> {
    const isOver = () => {
      if (this.network.violation !== undefined) throw this.network.violation;
      return isDone();
    };
    await this.#loop.runUntil(isOver, LIMIT_MS);
  }

  /** Runs events until a promise settles. */
  async #await<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    promise
      .catch(() => undefined)
      .finally(() => {
        isSettled = true;
      });
    await this.#until(() => isSettled);
    return promise;
  }
}
