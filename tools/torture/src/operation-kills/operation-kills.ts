// Kills processes during operations on whole syncs: half of them right before a random operation of the file port, the
// others at a random moment. Afterwards the store opens, is sound, and holds exactly what it held before the operation
// or what it holds after it; the latter if the operation had resolved. An operation that was lost succeeds when it runs
// again.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { Store, verifyStore } from '@sstitch/engine';
import {
  type CountedReport,
  type FamilyOptions,
  FamilyTally,
  seededRandom,
  tortureDirectory,
} from '@sstitch/testkit/torture';
import { childFile } from '../cases/child-file.js';
import { contentsOf, type HexContents, sameContents } from '../cases/small-store.js';
import type { OperationOrders } from './operation-child.js';
import {
  type ByteStore,
  ENCODINGS,
  makeStores,
  type StoreOperation,
  storeOperations,
} from './store-operations.js';

export interface OperationKillsOptions extends FamilyOptions {
  /** How often each operation is killed. */
  readonly killsEach: number;
  /** Only operations whose name contains this. @defaultValue all */
  readonly only?: string;
}

/** A process that takes longer counts as hanging. */
const MAX_LIFE_MS = 120_000;

/** An operation and what it does to the stores. */
interface KnownOperation extends StoreOperation {
  readonly before: HexContents;
  readonly after: HexContents;
  /** How many operations of the file port it takes; none for one that writes batches. */
  readonly points: number;
  readonly durationMs: number;
}

/** Runs the family, as the top of this file describes. */
export async function runOperationKillsFamily(
  options: OperationKillsOptions,
): Promise<CountedReport> {
  const { seed, killsEach, only = '' } = options;
  const tally = new FamilyTally('operation-kills', options);
  const random = seededRandom(seed);
  const directory = tortureDirectory('operation-kills', 'memory');
  const counts: Record<string, number> = {};
  try {
    const family = new KilledOperations(directory.path);
    await family.prepare();
    for (const operation of storeOperations.filter(({ name }) => name.includes(only))) {
      const known = await family.learn(operation);
      for (let kill = 0; kill < killsEach; kill++) {
        const draw = random();
        const at = kill % 2 === 0 && known.points > 0 ? Math.floor(draw * known.points) : undefined;
        const where =
          at === undefined ? `after ${draw} of its time` : `before file operation ${at}`;
        await tally.try(`seed ${seed}, ${operation.name}, killed ${where}`, async () => {
          const outcome = await family.kill(known, at, draw * known.durationMs);
          counts[outcome] = (counts[outcome] ?? 0) + 1;
        });
      }
    }
  } finally {
    directory.remove();
  }
  return { ...tally.report(), counts };
}

class KilledOperations {
  readonly #template: string;
  readonly #case: string;

  constructor(directory: string) {
    this.#template = `${directory}/template`;
    this.#case = `${directory}/case`;
  }

  async prepare(): Promise<void> {
    mkdirSync(this.#template);
    await makeStores(this.#template);
  }

  /** Lets the operation run to its end. */
  async learn(operation: StoreOperation): Promise<KnownOperation> {
    return this.#inCopy(async () => {
      const before = await this.#contents();
      const started = performance.now();
      const { output } = await this.#run(operation, 'count', MAX_LIFE_MS);
      const durationMs = performance.now() - started;
      const points = Number(/passed (\d+)/.exec(output)?.[1]);
      if (!output.includes('done') || Number.isNaN(points)) throw new Error(`no end: ${output}`);
      const after = await this.#contents();
      if (sameContents(before, after)) throw new Error(`${operation.name} changes nothing`);
      return { ...operation, before, after, points, durationMs };
    });
  }

  /** Kills the operation and checks the store. Returns what it holds. */
  async kill(
    known: KnownOperation,
    at: number | undefined,
    lifeMs: number,
  ): Promise<'before' | 'after'> {
    return this.#inCopy(async () => {
      const life = at === undefined ? lifeMs : MAX_LIFE_MS;
      const { output, errors } = await this.#run(known, at, life);
      if (errors !== '') throw new Error(errors);
      const held = await this.#contents();
      const { problems } = await verifyStore(`${this.#case}/base`);
      if (problems.length > 0) throw new Error(JSON.stringify(problems));
      if (sameContents(held, known.after)) return 'after';
      if (!sameContents(held, known.before)) {
        throw new Error(
          `${held.length} entries, neither the ${known.before.length} before nor the ${known.after.length} after`,
        );
      }
      if (output.includes('done')) throw new Error('it had resolved, and is lost');
      await this.#withStore((store) => known.run(store, this.#case));
      if (!sameContents(await this.#contents(), known.after)) {
        throw new Error('it does something else when it runs again');
      }
      return 'before';
    });
  }

  async #inCopy<T>(work: () => Promise<T>): Promise<T> {
    cpSync(this.#template, this.#case, { recursive: true });
    try {
      return await work();
    } finally {
      rmSync(this.#case, { recursive: true, force: true });
    }
  }

  #contents(): Promise<HexContents> {
    return this.#withStore(contentsOf);
  }

  async #withStore<T>(use: (store: ByteStore) => Promise<T>): Promise<T> {
    const store: ByteStore = new Store(`${this.#case}/base`, {
      ...ENCODINGS,
      createIfMissing: false,
    });
    try {
      await store.open();
      return await use(store);
    } finally {
      await store.close();
    }
  }

  /** Runs the operation in a process that is killed so long after it is ready. */
  #run(
    { name: operation }: StoreOperation,
    at: OperationOrders['at'],
    lifeMs: number,
  ): Promise<{ readonly output: string; readonly errors: string }> {
    const orders: OperationOrders = { directory: this.#case, operation, at };
    return new Promise((resolve, reject) => {
      const child = spawn(
        process.execPath,
        [childFile('operation-child'), JSON.stringify(orders)],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
          // An interrupt at a terminal must reach only this process.
          detached: process.platform !== 'win32',
        },
      );
      let [output, errors] = ['', ''];
      let timer = setTimeout(() => child.kill('SIGKILL'), MAX_LIFE_MS);
      child.stdout.on('data', (bytes: Buffer) => {
        const wasReady = output !== '';
        output += bytes.toString();
        if (wasReady) return;
        clearTimeout(timer);
        timer = setTimeout(() => child.kill('SIGKILL'), lifeMs);
      });
      child.stderr.on('data', (bytes: Buffer) => {
        errors = (errors + bytes.toString()).slice(-4000);
      });
      child.on('error', reject);
      child.on('close', () => {
        clearTimeout(timer);
        if (output.startsWith('ready')) resolve({ output, errors });
        else reject(new Error(`the process was not ready: ${errors}`));
      });
    });
  }
}
