// Runs a scenario with one fault and checks what must hold afterwards:
//
//   - it succeeds (the fault is tolerable) or throws an EngineError whose causes lead to the fault;
//   - a store that is still open holds its old content or the whole change, and accepts the next commit, unless
//     an fsync failed: then it refuses writes until it is reopened;
//   - after the close no further descriptor is open;
//   - the reopened store holds every guaranteed write, and no partial state is left (crash-checker.ts).

import { cpSync, existsSync, linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { byteEncodings } from '@sstitch/contract';
import { EngineError, Store } from '@sstitch/engine';
import { type CrashTarget, checkCrashState, type TargetBounds } from '../crash/crash-checker.js';
import { type ByteStore, latin1, span, writeEntries } from '../crash/crash-recording.js';
import { type Fault, FaultInjector, type FaultOperation } from './fault-injector.js';

export interface FaultScenario {
  readonly name: string;
  /** Creates the stores in an empty directory. */
  prepare(directory: string): Promise<readonly CrashTarget[]>;
  act(run: FaultRun): Promise<unknown>;
}

/** The environment of a scenario. */
export class FaultRun {
  readonly faults = new FaultInjector();
  readonly bounds: Array<{ made: boolean; least: number[]; most: number[] }>;
  readonly stores: ByteStore[] = [];
  readonly #directory: string;
  readonly #writes: Promise<unknown>[] = [];

  constructor(directory: string, targets: readonly CrashTarget[]) {
    this.#directory = directory;
    this.bounds = targets.map(({ origin, regions }) => ({
      made: origin === 'there',
      least: regions.map(() => 0),
      most: regions.map(() => 0),
    }));
  }

  path(name: string): string {
    return `${this.#directory}/${name}`;
  }

  /** Opens a store on the faulty file system; it is closed when the case ends. */
  async open(name: string): Promise<ByteStore> {
    const { fileSystem } = this.faults;
    const store: ByteStore = new Store(this.path(name), {
      ...byteEncodings,
      fileSystem,
      shareTablesFromBytes: 0,
    });
    // Registered before it is open, so that it is closed even if the open fails.
    this.stores.push(store);
    await store.open();
    return store;
  }

  /** Replaces a region of a target by a version, as a whole. */
  async replacing(target: number, region: number, version: number, act: () => Promise<unknown>) {
    const bounds = this.bounds[target];
    const before = bounds?.most[region] ?? 0;
    if (bounds !== undefined) bounds.most[region] = version;
    try {
      await act();
      if (bounds !== undefined) bounds.least[region] = version;
    } catch (error) {
      // After a failed fsync the state is unknown; every other failure leaves it as it was.
      if (bounds !== undefined && !isPoison(error)) bounds.most[region] = before;
      throw error;
    }
  }

  made(target: number): void {
    const bounds = this.bounds[target];
    if (bounds !== undefined) bounds.made = true;
  }

  /** Begins a durable write at every fifth operation, each to a region of target 0, from `from` on. */
  writeMeanwhile(store: ByteStore, regions: CrashTarget['regions'], from: number): void {
    let operations = 0;
    let next = from;
    this.faults.before = () => {
      if (operations++ % 5 !== 2 || next >= regions.length) return;
      const region = next++;
      const entries = regions[region]?.versions[1] ?? [];
      const write = this.replacing(0, region, 1, () => writeEntries(store, entries));
      this.#writes.push(write.catch(() => undefined));
    };
  }

  async settled(): Promise<void> {
    this.faults.before = () => undefined;
    await Promise.all(this.#writes);
  }
}

/** Runs a case, without a fault if none is given; returns the operations that occurred. */
export async function runFaultCase(
  scenario: FaultScenario,
  template: { readonly directory: string; readonly targets: readonly CrashTarget[] },
  directory: string,
  fault?: Fault,
): Promise<readonly FaultOperation[]> {
  copyTemplate(template.directory, directory);
  const { targets } = template;
  const run = new FaultRun(directory, targets);
  const descriptorsBefore = openDescriptors();
  try {
    if (fault !== undefined) run.faults.inject(fault);
    const error = await scenario.act(run).then(
      () => undefined,
      (thrown: unknown) => thrown ?? new Error('nothing was thrown'),
    );
    await run.settled();
    run.faults.heal();
    const operations = [...run.faults.operations];
    if (error !== undefined) checkError(error, fault, run.faults.fired.length > 0);
    for (const store of run.stores) await checkOpenStore(store, error, run.faults);
    for (const store of run.stores) await store.close();
    checkDescriptors(descriptorsBefore);
    endReaders(directory, targets);
    const bounds = run.bounds satisfies TargetBounds[];
    await checkCrashState(directory, targets, bounds, false);
    checkDescriptors(descriptorsBefore);
    return operations;
  } catch (error) {
    const [first] = run.faults.fired;
    const where = first === undefined ? 'nowhere' : `at ${first.operation} ${first.path}`;
    throw new Error(`the fault fired ${where}`, { cause: error });
  } finally {
    run.faults.heal();
    await Promise.allSettled(run.stores.map((store) => store.close()));
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Makes a read-only copy that could not be removed look like that of an ended process, so that it will be removed. */
function endReaders(directory: string, targets: readonly CrashTarget[]): void {
  for (const { path } of targets) {
    const readers = `${directory}/${path}/readers`;
    for (const name of existsSync(readers) ? readdirSync(readers) : []) {
      renameSync(`${readers}/${name}`, `${readers}/${name.replace(/-\d+-/, '-99999999-')}`);
    }
  }
}

/** Links the tables, which are never written to, and copies everything else. */
function copyTemplate(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !/\.ldb$|\/LOCK$/.test(path) });
  const link = (directory: string) => {
    for (const entry of readdirSync(`${from}${directory}`, { withFileTypes: true })) {
      const path = `${directory}/${entry.name}`;
      if (entry.isDirectory()) link(path);
      else if (entry.name.endsWith('.ldb')) linkSync(`${from}${path}`, `${to}${path}`);
    }
  };
  link('');
}

function isPoison(error: unknown): boolean {
  return engineErrorOf(error)?.code === 'SSTITCH_STORE_POISONED';
}

/** The error itself if it is an EngineError, or the one inside abstract-level's error about a failed open. */
function engineErrorOf(error: unknown): EngineError | undefined {
  if (error instanceof EngineError) return error;
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  const isLevels = code === 'LEVEL_DATABASE_NOT_OPEN';
  return isLevels && cause instanceof EngineError ? cause : undefined;
}

function checkError(error: unknown, fault: Fault | undefined, fired: boolean): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (fault === undefined || !fired) throw new Error(`it failed without a fault: ${text}`);
  const typed = engineErrorOf(error);
  if (typed === undefined) throw new Error(`not an EngineError: ${text}`);
  const expected = fault.code === 'short write' ? 'ENOSPC' : fault.code;
  const codes: unknown[] = [];
  for (let cause: unknown = typed; cause instanceof Error; cause = cause.cause) {
    codes.push((cause as { code?: unknown }).code);
  }
  if (!codes.includes(expected)) {
    throw new Error(`its causes are ${codes.join(', ')}, not ${expected}: ${text}`);
  }
  if (typed.code !== 'SSTITCH_FILE_OPERATION' && typed.code !== 'SSTITCH_STORE_POISONED') {
    throw new Error(`it has the code ${typed.code}: ${text}`);
  }
}

const NOTHING = span('\xff', '\xff\xff');

/** Checks that a store that is still open works, or is poisoned and says so. */
async function checkOpenStore(
  store: ByteStore,
  error: unknown,
  { fired }: FaultInjector,
): Promise<void> {
  if (store.status !== 'open') return;
  const keys = await store.keys({ keyEncoding: 'view' }).all();
  const values = await store.getMany(keys, byteEncodings);
  if (values.includes(undefined)) throw new Error('get misses an entry that iteration returns');
  const outcome = await store.excise([NOTHING]).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const write = await store.put(latin1('\xff'), latin1('')).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (isPoison(outcome) !== isPoison(write))
    throw new Error('the store is poisoned but accepts writes');
  if (outcome !== undefined && !isPoison(outcome)) {
    throw new Error('the next commit fails', { cause: outcome });
  }
  const failedSync = fired.some(({ operation }) => operation.startsWith('sync'));
  if (isPoison(outcome) && !isPoison(error) && !failedSync) {
    throw new Error('the store is poisoned although no fsync has failed', { cause: outcome });
  }
  if (isPoison(error) && !isPoison(outcome) && store.location.endsWith('/base')) {
    throw new Error('a poisoned store commits again', { cause: error });
  }
  if (outcome !== undefined) return;
  await store.del(latin1('\xff'));
  const removals: readonly FaultOperation[] = ['status', 'readdir', 'unlink', 'removeDirectory'];
  const spoiled = fired.length > 1 || fired.some(({ operation }) => removals.includes(operation));
  // The next open removes the leftovers of a failed removal.
  if (!spoiled) await checkNothingLeft(store);
}

/** A removal that takes longer counts as failed. */
const MAX_REMOVAL_MS = 600_000;

/** Waits until one generation is left, and checks that the staging directory is empty. */
async function checkNothingLeft({ location }: ByteStore): Promise<void> {
  const end = performance.now() + MAX_REMOVAL_MS;
  for (;;) {
    const names = readdirSync(location);
    const generations = names.filter((name) => name.startsWith('gen-'));
    const staged = names.includes('staging') ? readdirSync(`${location}/staging`) : [];
    if (generations.length === 1 && staged.length === 0) return;
    if (performance.now() > end) {
      throw new Error(`left behind: ${[...generations.slice(0, -1), ...staged].join(', ')}`);
    }
    await setTimeout(1);
  }
}

/** The open descriptors of this process and their targets. */
function openDescriptors(): Set<string> | undefined {
  const directory = '/proc/self/fd';
  return existsSync(directory) ? new Set(readdirSync(directory)) : undefined;
}

function checkDescriptors(before: ReadonlySet<string> | undefined): void {
  if (before === undefined) return;
  const now = openDescriptors() ?? new Set();
  // Both listings include the descriptor of the listing itself.
  if (now.size > before.size) {
    throw new Error(`${now.size - before.size} file descriptors are left open`);
  }
}
