// A view of a store at one moment, with what its questions share: the names and the access of its syncs.
//
// Invariants: all questions of one view read the same state, even while another process writes the store; what a question
// uses stays open until it has ended.
import { openAccess, type SyncAccess } from '@sstitch/access';
import type { EngineSnapshot } from '@sstitch/contract';
import { SyncReader } from '@sstitch/records';
import { NameIndex } from './name-index.js';
import { StoredNames } from './stored-names.js';
import type { OpenedGeneration, OpenedState, ViewedEngine, ViewSource } from './view-source.js';

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
  readonly source: ViewSource;
  readonly openedAt = new Date();
  /** The generation that it shows, such as `gen-000007`; undefined for a store without files. */
  readonly generation: string | undefined;
  readonly engine: ViewedEngine;
  readonly snapshot: EngineSnapshot;
  readonly records: SyncReader;
  readonly #state: OpenedState;
  readonly #kept = new Map<string, KeptSync>();
  readonly #questions = new Set<Promise<unknown>>();
  /** Syncs that are no longer kept, until they are closed. */
  readonly #evicted = new Set<Promise<void>>();

  private constructor(source: ViewSource, state: OpenedState & Partial<OpenedGeneration>) {
    this.source = source;
    this.generation = state.generation;
    this.engine = state.engine;
    this.snapshot = state.engine.snapshot();
    this.records = new SyncReader(state.engine);
    this.#state = state;
  }

  /** Opens a view of the store as it is now. @throws the errors of the source */
  static async open(source: ViewSource, signal?: AbortSignal): Promise<StoreView> {
    return new StoreView(source, await source.open(signal));
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
    const state = { engine: this.engine, snapshot: this.snapshot, syncId };
    kept.names ??= new NameIndex(state, kept.closing.signal);
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
    try {
      await Promise.all(this.#evicted);
      await this.snapshot.close();
    } finally {
      await this.#state.close();
    }
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

async function closeKept({ closing, names, access }: KeptSync): Promise<void> {
  closing.abort();
  await names?.whole.catch(() => undefined);
  const opened = await access?.catch(() => undefined);
  await opened?.close();
}
