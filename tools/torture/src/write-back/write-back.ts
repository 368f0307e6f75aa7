// Failed write-backs at the level of system calls: a real process runs the operations of stores in worker
// threads, with a preloaded library that watches its descriptors and LevelDB's (native/watch-descriptors.c).
//
// Each scenario first runs without a failure: when it declares a store durable, every byte of its files must
// have been fsynced by a descriptor that was open when the byte was written. Then it runs with one failing
// write-back, at a close or an fsync of a file with dirty bytes. Afterwards these bytes are removed from the
// file, as the system does when it needs the memory. Either the scenario must have failed, or the store must be
// whole without them.
//
// Needs Linux and a C compiler; without them the family is skipped.
import { fork } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { byteEncodings } from '@sstitch/contract';
import { Store, verifyStore } from '@sstitch/engine';
import {
  type FamilyOptions,
  type FamilyReport,
  FamilyTally,
  seededRandom,
  tortureDirectory,
} from '@sstitch/testkit/torture';
import { childFile } from '../cases/child-file.js';
import { compileShim } from '../cases/compile-shim.js';
import { contentsOf, type HexContents, sameContents } from '../cases/small-store.js';
import { type ByteRange, parseDescriptorLog, WatchedFiles } from './descriptor-log.js';
import type { WriteBackNews, WriteBackOrders } from './write-back-child.js';
import {
  prepareStores,
  type WriteBackScenario,
  writeBackScenarios,
} from './write-back-scenarios.js';

export interface WriteBackOptions extends FamilyOptions {
  /** The number of failing write-backs in each scenario. @defaultValue all */
  readonly casesEach?: number;
  /** Run only scenarios whose name contains this. @defaultValue all */
  readonly only?: string;
}

/** A case that takes longer counts as hanging. */
const MAX_CASE_MS = 120_000;
const STORES = ['base', 'source', 'logged', 'made'] as const;

/** Runs the family, as the top of this file describes. */
export async function runWriteBackFamily(options: WriteBackOptions): Promise<FamilyReport> {
  const { seed, casesEach = Number.POSITIVE_INFINITY, only = '' } = options;
  const tally = new FamilyTally('write-back', options);
  const directory = tortureDirectory('write-back', 'memory');
  const elsewhere = tortureDirectory('write-back-elsewhere', 'disk');
  try {
    const compiled = await compileShim('watch-descriptors', directory.path);
    if ('skipped' in compiled) return { ...tally.report(), skipped: compiled.skipped };
    const prepared = `${directory.path}/prepared`;
    mkdirSync(prepared);
    await prepareStores({ directory: prepared, elsewhere: elsewhere.path });
    const random = seededRandom(seed);
    const family = { directory: directory.path, elsewhere: elsewhere.path, ...compiled };
    for (const scenario of writeBackScenarios.filter(({ name }) => name.includes(only))) {
      const run = new ScenarioRuns(family, scenario);
      let failAt: readonly number[] = [];
      await tally.try(`${scenario.name}, nothing failing`, async () => {
        failAt = await run.whole();
      });
      for (const at of drawn(failAt, casesEach, random)) {
        const replay = `${scenario.name}, the write-back at close or sync ${at}`;
        await tally.try(replay, () => run.failing(at));
      }
    }
  } finally {
    directory.remove();
    elsewhere.remove();
  }
  return tally.report();
}

function drawn(items: readonly number[], count: number, random: () => number): readonly number[] {
  if (items.length <= count) return items;
  return items
    .map((item) => ({ item, draw: random() }))
    .sort((a, b) => a.draw - b.draw)
    .slice(0, count)
    .map(({ item }) => item);
}

interface FamilyPlace {
  readonly directory: string;
  readonly elsewhere: string;
  readonly library: string;
}

type Contents = Partial<Record<(typeof STORES)[number], HexContents>>;

class ScenarioRuns {
  readonly #family: FamilyPlace;
  readonly #scenario: WriteBackScenario;
  readonly #directory: string;
  #before: Contents = {};
  #after: Contents = {};

  constructor(family: FamilyPlace, scenario: WriteBackScenario) {
    this.#family = family;
    this.#scenario = scenario;
    this.#directory = `${family.directory}/case`;
  }

  /** Runs without a failure; returns the closes and fsyncs at which a write-back can fail. */
  async whole(): Promise<readonly number[]> {
    return this.#inCopy(async () => {
      this.#before = await this.#contents();
      const { news, log } = await this.#run(undefined);
      if (news.failure !== undefined) throw new Error(news.failure);
      const files = new WatchedFiles();
      const failAt: number[] = [];
      const unsafe: string[] = [];
      let index = 0;
      for (const event of log) {
        if (event.kind === 'mark') {
          for (const file of event.files) {
            const ranges = files.unsafeBytes(file).map(([from, to]) => `${from} to ${to}`);
            if (ranges.length > 0) unsafe.push(`${file.path}: ${ranges.join(', ')}`);
          }
          break;
        }
        const [from, to] = files.dirtyBytes(event);
        files.apply(event);
        if (event.kind === 'open') continue;
        if (from < to) failAt.push(index);
        index++;
      }
      if (unsafe.length > 0) {
        throw new Error(
          `declared durable, but not fsynced by a descriptor that wrote it:\n${unsafe.join('\n')}`,
        );
      }
      this.#after = await this.#contents();
      return failAt;
    });
  }

  /** Runs with one failing write-back. */
  failing(at: number): Promise<void> {
    return this.#inCopy(async () => {
      const { news, log } = await this.#run(at);
      this.#lose(log);
      for (const store of STORES) await this.#check(store, news);
    });
  }

  async #inCopy<T>(work: () => Promise<T>): Promise<T> {
    cpSync(`${this.#family.directory}/prepared`, this.#directory, { recursive: true });
    try {
      return await work();
    } finally {
      rmSync(this.#directory, { recursive: true, force: true });
      rmSync(this.#logPath, { force: true });
    }
  }

  get #logPath(): string {
    return `${this.#family.directory}/log`;
  }

  async #run(failAt: number | undefined) {
    const { elsewhere, library } = this.#family;
    const orders: WriteBackOrders = {
      ...{ directory: this.#directory, elsewhere, log: this.#logPath },
      scenario: this.#scenario.name,
    };
    const news = await runChild(orders, {
      LD_PRELOAD: library,
      SSTITCH_WATCH_ROOT: this.#directory,
      SSTITCH_WATCH_LOG: this.#logPath,
      ...(failAt === undefined ? {} : { SSTITCH_WATCH_FAIL: `${failAt}` }),
    });
    return { news, log: parseDescriptorLog(readFileSync(this.#logPath, 'utf8')) };
  }

  /** Removes from the file the bytes that the failed write-back did not write. */
  #lose(log: ReturnType<typeof parseDescriptorLog>): void {
    const files = new WatchedFiles();
    for (const event of log) {
      if (event.kind === 'mark') continue;
      if (event.kind === 'lose') {
        const range = files.dirtyBytes(event);
        const path = findInode(this.#directory, event.inode);
        if (path !== undefined) zero(path, range);
      }
      files.apply(event);
    }
  }

  async #check(
    store: (typeof STORES)[number],
    { promised, failure }: WriteBackNews,
  ): Promise<void> {
    const path = `${this.#directory}/${store}`;
    const [before, after] = [this.#before[store], this.#after[store]];
    const isPromised = promised?.includes(store) === true;
    // The store was still being created.
    if (before === undefined && !isPromised && !existsSync(`${path}/CURRENT`)) return;
    const { problems } = await verifyStore(path);
    const held = problems.length === 0 ? await storeContents(path) : undefined;
    const allowed = isPromised ? [after] : [before ?? [], after];
    if (held !== undefined && allowed.some((one) => one && sameContents(one, held))) return;
    const how = isPromised ? 'was promised' : `was not promised (${failure})`;
    throw new Error(
      `${store} ${how}; it holds ${held?.length} entries, ${before?.length} before, ${after?.length} after: ` +
        JSON.stringify(problems),
    );
  }

  async #contents(): Promise<Contents> {
    const contents: Contents = {};
    for (const store of STORES) {
      const path = `${this.#directory}/${store}`;
      if (existsSync(`${path}/CURRENT`)) contents[store] = await copiedContents(path);
    }
    return contents;
  }
}

/** Reads the content of a copy, because an open changes the files of a store. */
async function copiedContents(path: string): Promise<HexContents> {
  const copy = `${path}-copy`;
  cpSync(path, copy, { recursive: true });
  try {
    return await storeContents(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

async function storeContents(path: string): Promise<HexContents> {
  const store = new Store<Uint8Array, Uint8Array>(path, { ...byteEncodings });
  try {
    await store.open();
    return await contentsOf(store);
  } finally {
    await store.close();
  }
}

function findInode(directory: string, inode: number): string | undefined {
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const path = `${directory}/${name}`;
    const stats = statSync(path);
    if (stats.isFile() && stats.ino === inode) return path;
  }
  return undefined;
}

function zero(path: string, [from, to]: ByteRange): void {
  const { mode, size } = statSync(path);
  chmodSync(path, 0o644);
  const file = openSync(path, 'r+');
  try {
    writeSync(file, new Uint8Array(Math.max(0, Math.min(to, size) - from)), 0, undefined, from);
  } finally {
    closeSync(file);
    chmodSync(path, mode);
  }
}

function runChild(
  orders: WriteBackOrders,
  environment: Readonly<Record<string, string>>,
): Promise<WriteBackNews> {
  return new Promise((resolve, reject) => {
    const child = fork(childFile('write-back-child'), [JSON.stringify(orders)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      env: { ...process.env, ...environment },
    });
    let errors = '';
    let news: WriteBackNews | undefined;
    const watchdog = setTimeout(() => child.kill('SIGKILL'), MAX_CASE_MS);
    child.stderr?.on('data', (bytes: Buffer) => {
      errors = (errors + bytes.toString()).slice(-4000);
    });
    child.on('message', (message: WriteBackNews) => {
      news = message;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(watchdog);
      if (news !== undefined) resolve(news);
      else reject(new Error(`the process ended (${signal ?? `code ${code}`}): ${errors}`));
    });
  });
}
