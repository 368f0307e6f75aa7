// A view of a store at one moment, with what its questions share: the names and the access of its syncs.
//
// Invariants: all questions of one view read the same state, even while another process writes the store; what a question
// uses stays open until it has ended.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAccess, type SyncAccess } from '@sstitch/access';
import type { EngineSnapshot } from '@sstitch/contract';
import { openReadOnly, type ReadOnlyStore } from '@sstitch/engine';
import { SyncReader } from '@sstitch/records';
import { ExploreError } from '../errors.js';
import { NameIndex } from './name-index.js';
import { StoredNames } from './stored-names.js';

type ByteReader = ReadOnlyStore<Uint8Array, Uint8Array>;

/** Syncs whose names and access stay in memory. Those of another sync are read again when needed. */
const MAX_KEPT_SYNCS = 4;

/** The names and the access of a sync. */
interface KeptSync {
  readonly closing: AbortController;
  names?: NameIndex;
  access?: Promise<SyncAccess>;
}

/** A view of a store. Close it after use. */
export class StoreView {
  readonly location: string;
  readonly openedAt = new Date();
  /** The generation that it shows, such as `gen-000007`. */
  readonly generation: string;
  readonly engine: ByteReader;
  readonly snapshot: EngineSnapshot;
  readonly records: SyncReader;
  readonly #kept = new Map<string, KeptSync>();
  readonly #questions = new Set<Promise<unknown>>();
  /** Syncs that are no longer kept, until they are closed. */
  readonly #evicted = new Set<Promise<void>>();

  private constructor(location: string, generation: string, engine: ByteReader) {
    this.location = location;
    this.generation = generation;
    this.engine = engine;
    this.snapshot = engine.snapshot();
    this.records = new SyncReader(engine);
  }

  /** Opens a view of the store as it is now. @throws EngineError as `openReadOnly` */
  static async open(location: string, signal?: AbortSignal): Promise<StoreView> {
    for (;;) {
      // If there is no store, the engine reports it.
      const before = await currentGeneration(location).catch(() => '');
      const engine: ByteReader = await openReadOnly(location, {
        keyEncoding: 'view',
        valueEncoding: 'view',
        signal,
      });
      try {
        // The generation is known only if no commit happened meanwhile.
        if ((await currentGeneration(location)) === before) {
          return new StoreView(location, before, engine);
        }
      } catch (error) {
        await engine.close();
        throw error;
      }
      await engine.close();
    }
  }

  /** Asks a question, and keeps the view open until it is answered. */
  async use<T>(ask: (view: StoreView) => Promise<T>): Promise<T> {
    const question = ask(this);
    this.#questions.add(question);
    try {
      return await question;
    } finally {
      this.#questions.delete(question);
    }
  }

  /** Returns the index of a sync's names, and starts to read them the first time. */
  namesOf(syncId: string): NameIndex {
    const kept = this.#keptOf(syncId);
    kept.names ??= new NameIndex(this.engine, syncId, this.snapshot, kept.closing.signal);
    return kept.names;
  }

  /** Opens the access of a sync, the first time. */
  accessOf(syncId: string): Promise<SyncAccess> {
    const kept = this.#keptOf(syncId);
    if (kept.access === undefined) {
      // Not under a question's signal: later questions share it.
      const opening = openAccess(this.engine, syncId, { signal: kept.closing.signal });
      kept.access = opening;
      opening.catch(() => delete kept.access);
    }
    return kept.access;
  }

  /** Creates a lookup of names for one question. */
  lookup(syncId: string): StoredNames {
    return new StoredNames(this.records, syncId, this.snapshot);
  }

  /** Ends background work and closes the copy, after the open questions have ended. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#questions);
    for (const sync of this.#kept.values()) this.#evict(sync);
    this.#kept.clear();
    await Promise.all(this.#evicted);
    await this.snapshot.close();
    await this.engine.close();
  }

  #keptOf(syncId: string): KeptSync {
    const kept = this.#kept.get(syncId) ?? { closing: new AbortController() };
    // Most recently used last.
    this.#kept.delete(syncId);
    this.#kept.set(syncId, kept);
    const [oldest] = this.#kept;
    if (this.#kept.size > MAX_KEPT_SYNCS && oldest !== undefined) {
      const [oldestId, evicted] = oldest;
      this.#kept.delete(oldestId);
      this.#evict(evicted);
    }
    return kept;
  }

  /** Closes what a sync has open, once the questions that may use it have ended. */
  #evict(kept: KeptSync): void {
    const closing = Promise.allSettled(this.#questions)
      .then(() => closeKept(kept))
      .finally(() => this.#evicted.delete(closing));
    this.#evicted.add(closing);
    // `close` awaits it and reports the failure.
    closing.catch(() => undefined);
  }
}

/**
 * Reads the name of the current generation from CURRENT.
 *
 * @throws {@link ExploreError} SSTITCH_STORE_NOT_FOUND
 */
export async function currentGeneration(location: string): Promise<string> {
  try {
    return (await readFile(join(location, 'CURRENT'), 'latin1')).trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw cause;
    const message = `the store is no longer at ${location}: it was moved or removed`;
    throw new ExploreError('SSTITCH_STORE_NOT_FOUND', message, { cause });
  }
}

async function closeKept({ closing, names, access }: KeptSync): Promise<void> {
  closing.abort();
  await names?.whole.catch(() => undefined);
  const opened = await access?.catch(() => undefined);
  await opened?.close();
}
