// The inputs of the fuzz family, as a child process tries them. Each derives from the seed and its number. It
// must be refused promptly with the typed error of the package, or accepted and read as LevelDB reads it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineError, verifyStore } from '@sstitch/engine';
import { SstError, type TableProperties, TableReader, verifyTable } from '@sstitch/sst';
import { seededRandom } from '@sstitch/testkit/torture';
import { type CaseRunner, Counts } from '../cases/case-runner.js';
import { memoryFiles } from '../cases/memory-files.js';
import { type SmallStore, sameContents } from '../cases/small-store.js';
import { fuzzCommandLine, fuzzJsonLines } from './fuzz-command-line.js';
import { below, mutateBlock, mutateBytes, mutateLogRecord, type Random } from './fuzz-inputs.js';
import { fuzzKey, fuzzRecord, sampleEntries } from './fuzz-records.js';
import { fuzzSyncFile } from './fuzz-sync-file.js';
import { readAsLevelDb, readAsTable, readStoreTwice } from './read-differentially.js';

export interface FuzzSetup {
  readonly seed: number;
  readonly store: SmallStore;
  /** Paths of further tables, built with other options than the store's. */
  readonly tables: readonly string[];
  readonly syncFile: string;
  /** One in this many accepted inputs is also read by LevelDB. */
  readonly compareEvery: number;
  /** One in this many inputs is a .c1z file, each of which starts a process. */
  readonly syncFileEvery: number;
}

/** The limit of CPU time for an input, far above what any takes. */
const MAX_INPUT_MS = 20_000;
/** A multiplier that spreads neighbouring numbers (2^32 divided by the golden ratio). */
const SPREAD = 0x9e3779b1;

type Target = 'table' | 'block' | 'store' | 'record' | 'key' | 'lines' | 'arguments' | 'c1z';

/** The targets; one that is listed more often is tried more often. */
const TURNS: readonly Target[] = [
  ...Array<Target>(4).fill('table'),
  ...Array<Target>(7).fill('block'),
  ...Array<Target>(6).fill('store'),
  ...Array<Target>(3).fill('key'),
  ...Array<Target>(3).fill('record'),
  'lines',
];

export async function fuzzCases(setup: FuzzSetup): Promise<CaseRunner> {
  return new FuzzCases(setup);
}

class FuzzCases implements CaseRunner {
  readonly #setup: FuzzSetup;
  readonly #directory = mkdtempSync(join(tmpdir(), 'sstitch-fuzz-'));
  readonly #tables: readonly Uint8Array[];
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #entries = sampleEntries();
  readonly #syncFile: Uint8Array;
  #accepted = 0;
  readonly counts = new Counts();

  constructor(setup: FuzzSetup) {
    this.#setup = setup;
    const { store, tables } = setup;
    const bytesOf = (path: string) => Uint8Array.from(readFileSync(path));
    this.#files = new Map(
      store.files.map((file) => [
        join(this.#directory, 'store', file),
        bytesOf(join(store.path, file)),
      ]),
    );
    const own = [...this.#files].filter(([path]) => path.endsWith('.ldb'));
    this.#tables = [...own.map(([, bytes]) => bytes), ...tables.map(bytesOf)];
    this.#syncFile = bytesOf(setup.syncFile);
  }

  describe(index: number): string {
    return this.#targetOf(index);
  }

  async run(index: number): Promise<void> {
    const target = this.#targetOf(index);
    const random = seededRandom(this.#setup.seed ^ Math.imul(index + 1, SPREAD));
    const start = process.cpuUsage();
    const accepted = await this.#try(target, random);
    this.counts.count(`${target}-${accepted ? 'accepted' : 'refused'}`);
    const { user, system } = process.cpuUsage(start);
    const usedMs = (user + system) / 1000;
    if (usedMs > MAX_INPUT_MS) throw new Error(`the input took ${usedMs} ms of the processor`);
  }

  async close(): Promise<void> {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #targetOf(index: number): Target {
    const { syncFileEvery } = this.#setup;
    if (index % syncFileEvery === syncFileEvery - 1) return 'c1z';
    // Hashed first, because processes divide the numbers by their remainder.
    const turn = TURNS[(Math.imul(index, SPREAD) >>> 8) % TURNS.length];
    if (turn !== 'lines') return turn ?? 'table';
    return index % 3 === 0 ? 'arguments' : 'lines';
  }

  /** Returns whether the input was accepted. */
  async #try(target: Target, random: Random): Promise<boolean> {
    switch (target) {
      case 'table':
        return this.#table(mutateBytes(random, this.#pickTable(random)));
      case 'block':
        return this.#table(mutateBlock(random, this.#pickTable(random)));
      case 'store':
        return this.#store(random);
      case 'key':
        return fuzzKey(random, this.#entries);
      case 'record':
        return fuzzRecord(random, this.#entries);
      case 'lines':
        return fuzzJsonLines(random, this.#entries, this.#directory);
      case 'arguments':
        return fuzzCommandLine(random, this.#directory, this.#setup.store.path);
      case 'c1z':
        return fuzzSyncFile(random, this.#syncFile, this.#directory);
    }
  }

  #pickTable(random: Random): Uint8Array {
    return this.#tables[below(random, this.#tables.length)] ?? new Uint8Array(0);
  }

  async #table(bytes: Uint8Array): Promise<boolean> {
    const path = '/fuzzed.ldb';
    const fileSystem = memoryFiles(new Map([[path, bytes]]));
    // Reading without checksums, as LevelDB does, reaches faults that verification does not.
    onlyTyped(() => {
      const reader = TableReader.open(fileSystem, path, { verifyChecksums: false });
      try {
        const entries = reader.iterator();
        for (entries.seekToFirst(); entries.valid; entries.next());
        for (entries.seekToLast(); entries.valid; entries.prev());
      } finally {
        reader.close();
      }
    });
    let properties: TableProperties | undefined;
    onlyTyped(() => {
      properties = verifyTable(fileSystem, path);
    });
    if (properties === undefined) return false;
    if (++this.#accepted % this.#setup.compareEvery === 0) {
      this.counts.count('tables-compared');
      const expected = readAsTable(bytes);
      const seen = await readAsLevelDb(bytes, this.#directory);
      // `undefined` if the store refused the table for its sequence numbers, not its form.
      if (seen !== undefined && !sameContents(seen, expected)) {
        throw new Error('LevelDB reads a verified table differently');
      }
    }
    return true;
  }

  async #store(random: Random): Promise<boolean> {
    const paths = [...this.#files.keys()].filter((path) => !path.endsWith('.ldb'));
    const path = paths[below(random, paths.length)] ?? '';
    const files = new Map(this.#files);
    const bytes = files.get(path) ?? new Uint8Array(0);
    const isLog = /\.log$|MANIFEST/.test(path) && below(random, 5) > 0;
    files.set(path, isLog ? mutateLogRecord(random, bytes) : mutateBytes(random, bytes));
    const location = join(this.#directory, 'store');
    try {
      const report = await verifyStore(location, { fileSystem: memoryFiles(files) });
      if (!report.ok) return false;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      return false;
    }
    if (++this.#accepted % this.#setup.compareEvery === 0) {
      this.counts.count('stores-compared');
      await readStoreTwice(location, files);
    }
    return true;
  }
}

function onlyTyped(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof SstError)) throw error;
  }
}
