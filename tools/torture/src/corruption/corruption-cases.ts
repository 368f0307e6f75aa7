// The cases of the corruption family, as a child process runs them. Each creates the store again with one
// changed file and compares verify's findings with what a reader sees.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Span } from '@sstitch/contract';
import {
  EngineError,
  openReadOnly,
  Store,
  type VerifyStoreReport,
  verifyStore,
} from '@sstitch/engine';
import { nodeFileSystem, SstError, verifyTable } from '@sstitch/sst';
import { type CaseRunner, Counts } from '../cases/case-runner.js';
import { memoryFiles } from '../cases/memory-files.js';
import {
  contentsOf,
  gotten,
  type HexContents,
  type SmallStore,
  sameContents,
} from '../cases/small-store.js';
import { unsyncedFileSystem } from '../cases/unsynced-files.js';
import {
  describeMutation,
  type FlippedBits,
  listMutations,
  type Mutation,
  mutate,
} from './mutations.js';

export interface CorruptionSetup {
  readonly store: SmallStore;
  readonly seed: number;
  readonly bits: FlippedBits;
  /** One in this many damaged stores is opened and extracted from, and its tables are ingested. */
  readonly useEvery: number;
}

const ENCODINGS = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const VIEW = { ...ENCODINGS, fileSystem: unsyncedFileSystem } as const;

export async function corruptionCases(setup: CorruptionSetup): Promise<CaseRunner> {
  return new CorruptionCases(setup);
}

class CorruptionCases implements CaseRunner {
  readonly #setup: CorruptionSetup;
  readonly #mutations: readonly Mutation[];
  readonly #directory = mkdtempSync(join(tmpdir(), 'sstitch-corruption-'));
  readonly #path = join(this.#directory, 'store');
  readonly #keys: readonly string[];
  /** The store's files by the paths at which a case writes them. */
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly counts = new Counts();

  constructor(setup: CorruptionSetup) {
    this.#setup = setup;
    this.#mutations = listMutations(setup.store, setup.seed, setup.bits);
    this.#files = new Map(
      setup.store.files.map((file) => [
        join(this.#path, file),
        Uint8Array.from(readFileSync(join(setup.store.path, file))),
      ]),
    );
    const keys = setup.store.states.flatMap((state) => state.map(([key]) => key));
    this.#keys = [...new Set([...keys, '00', '61303033', '7a'])].sort();
  }

  describe(index: number): string {
    return describeMutation(this.#mutation(index));
  }

  async run(index: number): Promise<void> {
    const mutation = this.#mutation(index);
    const files = this.#mutatedFiles(mutation);
    // In memory: most cases end here and need no disk.
    const report = await verifyStore(this.#path, { fileSystem: memoryFiles(files) }).catch(
      (error: unknown) => {
        // Not a store, or one of another format: verify refuses it as a whole.
        if (error instanceof EngineError && /NOT_FOUND|FORMAT/.test(error.code)) return undefined;
        throw error;
      },
    );
    if (report?.ok !== true) {
      this.counts.count('found');
      if (mutation.kind === 'none') throw new Error(`a false alarm: ${JSON.stringify(report)}`);
      if (report !== undefined) checkNamed(report, this.#path);
      if (index % this.#setup.useEvery !== 0) return;
      this.#write(files);
      await this.#useBroken(mutation, report);
      return;
    }
    this.counts.count(report.notes.length > 0 ? 'noted' : 'sound');
    this.#write(files);
    await this.#readSound(mutation, report);
  }

  async close(): Promise<void> {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #mutation(index: number): Mutation {
    return this.#mutations[index] ?? { kind: 'none' };
  }

  #mutatedFiles(mutation: Mutation): Map<string, Uint8Array> {
    const files = new Map(this.#files);
    if (mutation.kind === 'none') return files;
    const path = join(this.#path, mutation.file);
    const changed = mutate(files.get(path) ?? new Uint8Array(0), mutation);
    if (changed === undefined) files.delete(path);
    else files.set(path, changed);
    return files;
  }

  #write(files: ReadonlyMap<string, Uint8Array>): void {
    rmSync(this.#path, { recursive: true, force: true });
    for (const [path, bytes] of files) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
  }

  /** A store that verify accepts opens with its contents or, if a log was truncated, with earlier contents. */
  async #readSound(mutation: Mutation, report: VerifyStoreReport): Promise<void> {
    const reader = await openReadOnly<Uint8Array, Uint8Array>(this.#path, VIEW);
    let seen: HexContents;
    try {
      seen = await contentsOf(reader);
      if (!sameContents(seen, await gotten(reader, this.#keys))) {
        throw new Error('get and iteration differ');
      }
    } finally {
      await reader.close();
    }
    const { states } = this.#setup.store;
    const state = states.findIndex((expected) => sameContents(expected, seen));
    // A log that ends between two batches is valid: nothing says that there was more.
    const mayBeOlder =
      report.notes.length > 0 || (mutation.kind === 'truncate' && mutation.file.endsWith('.log'));
    if (state === states.length - 1 || (state >= 0 && mayBeOlder)) return;
    throw new Error(`verify finds no problem, but a reader sees other contents (state ${state})`);
  }

  /** A damaged store is refused or opens, but never kills the process; the same holds for tables extracted from it. */
  async #useBroken(mutation: Mutation, report: VerifyStoreReport | undefined): Promise<void> {
    await this.#ingestTable(mutation);
    const store: Store<Uint8Array, Uint8Array> = new Store(this.#path, {
      ...VIEW,
      createIfMissing: false,
    });
    try {
      await store.open();
    } catch (error) {
      this.counts.count('refused');
      const cause = (error as { cause?: unknown }).cause;
      if (!(cause instanceof EngineError)) throw error;
      return;
    }
    try {
      this.counts.count('opened');
      if (report === undefined || report.problems.some(isForOpen)) {
        throw new Error(`the store opened in spite of ${JSON.stringify(report?.problems)}`);
      }
      await this.#extract(store);
    } finally {
      await store.close();
    }
  }

  /** Splits every table. Split tables must be correct or refused; linked tables stay as they were, damaged or not. */
  async #extract(store: Store<Uint8Array, Uint8Array>): Promise<void> {
    const directory = join(this.#directory, 'extracted');
    rmSync(directory, { recursive: true, force: true });
    const spans = ['a005', 'b010', 'c003'].map((key) => ({
      start: Buffer.from(key),
      end: Buffer.from(`${key[0]}015`),
    }));
    try {
      const extracted = await store.extract(spans, directory);
      for (const { path } of extracted.spans.flatMap(({ runs }) => runs.flat())) {
        verifyTable(nodeFileSystem, path);
      }
      this.counts.count('extracted');
    } catch (error) {
      if (!(error instanceof EngineError) && !(error instanceof SstError)) throw error;
      if (!error.message.includes('.ldb')) throw new Error(`no file is named: ${error.message}`);
      this.counts.count('extract-refused');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    await this.#extractVerified(store, spans, directory);
  }

  /** With `verify` no damage passes, not even in linked tables. */
  async #extractVerified(
    store: Store<Uint8Array, Uint8Array>,
    spans: readonly Span[],
    directory: string,
  ): Promise<void> {
    try {
      const extracted = await store.extract(spans, directory, { verify: true });
      for (const { path } of extracted.spans.flatMap(({ runs }) => runs.flat())) {
        try {
          verifyTable(nodeFileSystem, path);
        } catch (cause) {
          throw new Error('extract let a damaged table through', { cause });
        }
      }
      this.counts.count('extract-verified');
    } catch (error) {
      if (!(error instanceof EngineError) && !(error instanceof SstError)) throw error;
      if (!error.message.includes('.ldb')) throw new Error(`no file is named: ${error.message}`);
      this.counts.count('extract-verify-refused');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /** A foreign table is parsed in full before it is ingested. */
  async #ingestTable(mutation: Mutation): Promise<void> {
    if (mutation.kind === 'none' || !mutation.file.endsWith('.ldb')) return;
    const table = join(this.#path, mutation.file);
    if (!existsSync(table)) return;
    const target: Store<Uint8Array, Uint8Array> = new Store(join(this.#directory, 'target'), VIEW);
    await target.open();
    try {
      const span = { start: new Uint8Array(0), end: undefined };
      await target.ingestAndExcise([{ span, runs: [[table]] }]);
      // A valid table: a stale one, or that of another number.
      if (mutation.kind !== 'replace') throw new Error('a damaged table was ingested');
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.code !== 'SSTITCH_TABLES_INVALID' || !error.message.includes(table)) throw error;
      // The error may lack an offset only if the file is too short to be a table.
      if (!/at byte \d+/.test(error.message) && !/too short/.test(error.message)) throw error;
      this.counts.count('ingest-refused');
    } finally {
      await target.close();
      rmSync(join(this.#directory, 'target'), { recursive: true, force: true });
    }
  }
}

/** Whether an open must detect the problem too: that is cheap, and LevelDB would abort or lose data. */
function isForOpen({
  kind,
  message,
}: {
  readonly kind: string;
  readonly message: string;
}): boolean {
  return (
    kind === 'store' ||
    kind === 'manifest' ||
    // A failed write leaves a gap in the sequence numbers in which no acknowledged write lies.
    (kind === 'log' && !message.includes('sequence')) ||
    /is missing|the MANIFEST says \d|names is missing/.test(message)
  );
}

function checkNamed({ problems }: VerifyStoreReport, path: string): void {
  for (const { message } of problems) {
    if (!message.includes(path)) throw new Error(`a problem names no file: ${message}`);
  }
}
