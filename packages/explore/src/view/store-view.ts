// A view of a store at one moment, with what its questions share: the names and the access of its syncs.
//
// Invariant: all questions of one view read the same state, even while another process writes the store.
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
  readonly #closing = new AbortController();

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

  /** Returns the index of a sync's names, and starts to read them the first time. */
  namesOf(syncId: string): NameIndex {
    const kept = this.#keptOf(syncId);
    kept.names ??= new NameIndex(this.engine, syncId, this.snapshot, this.#closing.signal);
    return kept.names;
  }

  /** Opens the access of a sync, the first time. */
  accessOf(syncId: string): Promise<SyncAccess> {
    const kept = this.#keptOf(syncId);
    if (kept.access === undefined) {
      // Not under a question's signal: later questions share it.
      const opening = openAccess(this.engine, syncId, { signal: this.#closing.signal });
      kept.access = opening;
      opening.catch(() => delete kept.access);
    }
    return kept.access;
  }

  /** Creates a lookup of names for one question. */
  lookup(syncId: string): StoredNames {
    return new StoredNames(this.records, syncId, this.snapshot);
  }

  /** Ends background work and closes the copy. No question may be open. */
  async close(): Promise<void> {
    this.#closing.abort();
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    for (const sync of kept) await closeKept(sync);
    await this.snapshot.close();
    await this.#state.close();
  }

  #keptOf(syncId: string): KeptSync {
    const kept = this.#kept.get(syncId) ?? {};
    // Most recently used last.
    this.#kept.delete(syncId);
    this.#kept.set(syncId, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT_SYNCS && oldest !== undefined) this.#kept.delete(oldest);
    return kept;
  }
}

async function closeKept({ names, access }: KeptSync): Promise<void> {
  await names?.whole.catch(() => undefined);
  const opened = await access?.catch(() => undefined);
  await opened?.close();
}
