// Checks a store from its files up, as the engine does, then every key, and the indexes of every sync against
// its records, both ways. Keys are read from a hard-linked copy, after all of its tables were found undamaged. A store
// on a cluster has no files: every key is read. Memory is bounded: of the syncs that are not checked yet, it holds the ids.

import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes, type EngineSnapshot, type Span, takeSnapshot } from '@sstitch/contract';
import { readManifest, type StoreProblem, verifyStore as verifyFiles } from '@sstitch/engine';
import {
  BUCKETS,
  bucketSpan,
  KeyParser,
  type ParsedKey,
  syncSpansInKeyOrder,
  toHex,
} from '@sstitch/keys';
import { type IndexProblem, SyncVerifier } from '@sstitch/records';
import { nodeFileSystem, SstError, verifyTable } from '@sstitch/sst';
import { isClusterName } from '../command-line/store-name.js';
import { reportOf } from '../errors.js';
import { EXIT_CODES } from '../exit-codes.js';
import { formatCountOf } from '../output/quantities.js';
import { isInBucket } from '../stores/bucket-keyspace.js';
import { type FrozenCopy, withFrozenCopy } from '../stores/frozen-copy.js';
import { type ByteReader, withReader } from '../stores/open-store.js';
import { scanSpan } from '../stores/scan-span.js';
import type { ProgressLine } from '../terminal/progress-line.js';
import { ScanProgress } from './scan-progress.js';

/** A fault of the store. */
export interface Problem {
  /**
   * The kind of the fault, from the engine (`store`, `manifest`, `table`, `log`) or from `SyncVerifier`
   * (`missing_index_entry`, …).
   */
  readonly kind: string;
  readonly message: string;
  readonly path?: string;
  /** The offset in that file, in bytes. */
  readonly offset?: number;
  readonly syncId?: string;
  readonly bucket?: string;
  /** The key in hex. */
  readonly key?: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly tables: number;
  readonly keys: number;
  /**
   * How many of `keys` belong to no sync and no reserved range: an adopted database has the keys of its own
   * program.
   */
  readonly keysOfNoSync: number;
  readonly syncs: number;
  /** False if damaged tables made it unsafe to read keys. */
  readonly isComplete: boolean;
  /** The first of the problems. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** Findings that are not faults: files that end as a crash leaves them, keys that belong to no sync. */
  readonly notes: readonly StoreProblem[];
}

export interface VerifyStoreOptions {
  /** Check keys and indexes of only these syncs. @defaultValue all */
  readonly syncIds?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  readonly progress?: ProgressLine;
}

/** The most syncs to check in one reading of the keys, because some 10 KB are kept of each. */
const MAX_SYNCS_AT_ONCE = 1000;
/** The most problems to list; further ones are only counted. */
const MAX_LISTED_PROBLEMS = 1000;

/**
 * Verifies a store.
 *
 * @throws the errors of opening a store if there is none, or one of another format
 */
export async function verifyStore(
  location: string,
  options: VerifyStoreOptions,
): Promise<VerifyReport> {
  const pass = new VerifyPass(options);
  if (isClusterName(location)) {
    // Every block that is read is checked.
    pass.isComplete = true;
    await pass.checked('store', location, () =>
      withReader(location, (reader) => pass.checkKeys(reader, location)),
    );
    return pass.report();
  }
  const sound = await pass.checkFiles(location);
  if (sound === undefined) return pass.report();
  await pass.checked('store', location, () =>
    withFrozenCopy(location, options.signal, async (copy) => {
      await pass.checkNewTables(copy, sound);
      if (pass.problemCount > 0) return;
      // LevelDB trusts its tables and can crash on damaged ones, so only verified tables are opened.
      pass.isComplete = true;
      await pass.checked('store', location, () =>
        withReader(copy.storeDirectory, (reader) => pass.checkKeys(reader, location)),
      );
    }),
  );
  return pass.report();
}

/** One state of the store. */
interface View {
  readonly reader: ByteReader;
  readonly snapshot: EngineSnapshot;
}

class VerifyPass {
  readonly #options: VerifyStoreOptions;
  readonly #problems: Problem[] = [];
  #tables = 0;
  #notes: readonly StoreProblem[] = [];
  #keys = 0;
  #keysOfNoSync = 0;
  #syncs = 0;
  problemCount = 0;
  isComplete = false;

  constructor(options: VerifyStoreOptions) {
    this.#options = options;
  }

  report(): VerifyReport {
    return {
      ok: this.problemCount === 0,
      tables: this.#tables,
      keys: this.#keys,
      keysOfNoSync: this.#keysOfNoSync,
      syncs: this.#syncs,
      isComplete: this.isComplete,
      problems: this.#problems,
      problemCount: this.problemCount,
      notes: this.#notes,
    };
  }

  /** Runs a step. Adds corruption that it finds to the problems; throws any other error. */
  async checked(kind: string, path: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      const { code, exitCode, message } = reportOf(error);
      const isCorrupt =
        exitCode === EXIT_CODES.corrupt || code === 'SSTITCH_LEVELDB' || isMissingFile(error);
      if (!isCorrupt || this.#options.signal.aborted) throw error;
      // Opening and copying find the same fault again and report it in the same or similar words.
      if (this.problemCount === 0) this.#add({ kind, message, path });
    }
  }

  /** Runs the engine's check. Returns the names of the verified tables if it found no problem at all. */
  async checkFiles(location: string): Promise<ReadonlySet<string> | undefined> {
    const { signal, progress } = this.#options;
    const report = await verifyFiles(location, {
      signal,
      onProgress: ({ tables, ofTables }) =>
        progress?.update({ doing: 'checking', done: tables, total: ofTables, unit: 'tables' }),
    });
    for (const problem of report.problems) this.#add(problem);
    this.problemCount = report.problemCount;
    this.#notes = report.notes;
    this.#tables = report.tableNames.length;
    return report.ok ? new Set(report.tableNames) : undefined;
  }

  /** Checks the tables that the store's owner has written since. */
  async checkNewTables(
    { tableDirectory, tableNames, sourceDirectory }: FrozenCopy,
    sound: ReadonlySet<string>,
  ): Promise<void> {
    const tables = readManifest(tableDirectory).version.levels.flat();
    const sizes = new Map(tables.map(({ number, sizeBytes }) => [number, sizeBytes]));
    for (const name of tableNames) {
      if (sound.has(name) || sound.has(`${basename(name, '.ldb')}.sst`)) continue;
      // A table is read in one turn. A signal of the process fires between turns.
      await nextTurn();
      this.#options.signal.throwIfAborted();
      const path = join(tableDirectory, name);
      try {
        verifyTable(nodeFileSystem, path, { sizeBytes: sizes.get(Number.parseInt(name, 10)) });
      } catch (error) {
        if (!(error instanceof SstError)) throw error;
        const at = { path: join(sourceDirectory, name), offset: error.offset };
        const { message } = new SstError(error.code, error.problem, at);
        this.#add({ kind: 'table', message, path: at.path });
      }
    }
  }

  /** Reads every key once, and those of syncs beyond the first MAX_SYNCS_AT_ONCE again. */
  async checkKeys(reader: ByteReader, location: string): Promise<void> {
    const snapshot = await takeSnapshot(reader);
    try {
      const view = { reader, snapshot };
      const others = await this.#checkFirst(view, location);
      for (let at = 0; at < others.length; at += MAX_SYNCS_AT_ONCE) {
        await this.#checkOthers(view, others.slice(at, at + MAX_SYNCS_AT_ONCE));
      }
    } finally {
      await snapshot.close();
    }
  }

  /** Counts all keys, and checks the first syncs. Returns the other syncs, in the order of their keys. */
  async #checkFirst(view: View, location: string): Promise<readonly string[]> {
    const syncs = new Map<string, SyncVerifier>();
    const others = new Set<string>();
    const malformed = new MalformedKeys();
    const parser = new KeyParser();
    await this.#readKeys(view, spansToCheck(this.#options.syncIds), (key, value) => {
      this.#keys += 1;
      const classified = parser.classify(key);
      if (classified.kind === 'sync') {
        const { syncId } = classified.key;
        if (syncs.size < MAX_SYNCS_AT_ONCE && !syncs.has(syncId)) {
          syncs.set(syncId, new SyncVerifier(syncId));
        }
        if (!this.#checkEntry(syncs, classified.key, key, value)) others.add(syncId);
      } else if (classified.kind === 'malformed') {
        if (isInBucket(key)) malformed.add(key, classified.problem.message);
        else this.#keysOfNoSync += 1;
      }
    });
    // If no key belongs to a sync, keys in the buckets belong to another program.
    if (syncs.size === 0) this.#keysOfNoSync += malformed.count;
    else this.#addMalformed(malformed);
    this.#noteKeysOfNoSync(location);
    this.#syncs = syncs.size + others.size;
    await this.#findFaults(view, syncs);
    return [...others].sort();
  }

  /** Checks syncs that are neighbours: no sync between them is to be checked. */
  async #checkOthers(view: View, syncIds: readonly string[]): Promise<void> {
    const syncs = new Map(syncIds.map((syncId) => [syncId, new SyncVerifier(syncId)]));
    const parser = new KeyParser();
    await this.#readKeys(view, spansFromTo(syncIds), (key, value) => {
      const classified = parser.classify(key);
      if (classified.kind === 'sync') this.#checkEntry(syncs, classified.key, key, value);
    });
    await this.#findFaults(view, syncs);
  }

  async #readKeys(
    { reader, snapshot }: View,
    spans: readonly Span[],
    check: (key: Uint8Array, value: Uint8Array) => void,
  ): Promise<void> {
    const { signal, progress } = this.#options;
    const shown = progress && new ScanProgress(reader, spans, progress);
    for (const [at, span] of spans.entries()) {
      for await (const page of scanSpan(reader, span, { signal, snapshot })) {
        await shown?.reach('checking keys', at, page[0]?.[0]);
        for (const [key, value] of page) check(key, value);
      }
    }
  }

  /** Checks an entry, if its sync is one of those. @returns whether it is */
  #checkEntry(
    syncs: ReadonlyMap<string, SyncVerifier>,
    { syncId, bucket }: ParsedKey,
    key: Uint8Array,
    value: Uint8Array,
  ): boolean {
    const verifier = syncs.get(syncId);
    if (verifier === undefined) return false;
    const problem = verifier.verify(bucket, key, value);
    if (problem !== undefined) this.#addOfSync(syncId, problem);
    return true;
  }

  async #findFaults(
    { reader, snapshot }: View,
    syncs: ReadonlyMap<string, SyncVerifier>,
  ): Promise<void> {
    const { signal, progress } = this.#options;
    for (const [syncId, verifier] of syncs) {
      const doing = `looking for faults in the indexes of ${syncId}`;
      const faults = verifier.faults(reader, {
        ...{ snapshot, signal },
        onProgress: ({ keys, ofKeys }) =>
          progress?.update({ doing, done: keys, total: ofKeys, unit: 'keys' }),
      });
      for await (const problem of faults) this.#addOfSync(syncId, problem);
    }
  }

  #addOfSync(syncId: string, { kind, bucket, key, message }: IndexProblem): void {
    // Malformed keys are reported as such, whatever their sync.
    if (kind !== 'malformed_key') this.#add({ kind, syncId, bucket, key: toHex(key), message });
  }

  #addMalformed({ count, first }: MalformedKeys): void {
    for (const problem of first) this.#add(problem);
    this.problemCount += count - first.length;
  }

  #noteKeysOfNoSync(path: string): void {
    const count = this.#keysOfNoSync;
    if (count === 0) return;
    const message = `${formatCountOf(count, 'key belongs', 'keys belong')} to no sync (${path})`;
    this.#notes = [...this.#notes, { kind: 'store', path, message }];
  }

  #add(problem: Problem): void {
    this.problemCount += 1;
    if (this.#problems.length < MAX_LISTED_PROBLEMS) this.#problems.push(problem);
  }
}

/** Keys in a bucket that do not match its layout. Whether they are faults is known only after the last key. */
class MalformedKeys {
  readonly first: Problem[] = [];
  count = 0;

  add(key: Uint8Array, message: string): void {
    this.count += 1;
    if (this.first.length === MAX_LISTED_PROBLEMS) return;
    this.first.push({ kind: 'malformed_key', message, key: toHex(key) });
  }
}

function spansToCheck(syncIds: readonly string[] | undefined): readonly Span[] {
  if (syncIds === undefined) return [{ start: new Uint8Array(0), end: undefined }];
  const once = [...new Set(syncIds)];
  return once.flatMap((syncId) => syncSpansInKeyOrder(syncId).map(({ span }) => span));
}

/** For each bucket, the span from the first of the syncs to the last. */
function spansFromTo(syncIds: readonly string[]): readonly Span[] {
  const [first = '', last = first] = [syncIds[0], syncIds.at(-1)];
  return BUCKETS.map(({ bucket }) => ({
    start: bucketSpan(bucket, first).start,
    end: bucketSpan(bucket, last).end,
  })).sort((a, b) => compareBytes(a.start, b.start));
}

/** Whether a table or MANIFEST is missing. A missing store has a code of its own. */
function isMissingFile(error: unknown): boolean {
  const { code, exitCode } = reportOf(error);
  if (exitCode === EXIT_CODES.noSuchStore) return false;
  for (let current = error; current instanceof Error; current = current.cause) {
    if ((current as Error & { code?: unknown }).code === 'ENOENT') return true;
  }
  return code === 'ENOENT';
}
