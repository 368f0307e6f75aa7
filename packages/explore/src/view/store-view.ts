// A store as it was at one moment, and what questions about it share: the access of its syncs, and their names.
//
// Invariant: all questions about one view read one state, whatever another process writes to the store.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAccess, type SyncAccess } from '@sstitch/access';
import type { EngineSnapshot } from '@sstitch/contract';
import { openReadOnly, type ReadOnlyStore } from '@sstitch/engine';
import { SyncReader } from '@sstitch/records';
import { NameIndex } from './name-index.js';
import { StoredNames } from './stored-names.js';

type ByteReader = ReadOnlyStore<Uint8Array, Uint8Array>;

/** Syncs whose names and access are kept at a time; of the others they are read again when they are asked for. */
const MAX_KEPT_SYNCS = 4;

/** What is kept of a sync. */
interface KeptSync {
  names?: NameIndex;
  access?: Promise<SyncAccess>;
}

/** A view of a store. Opened by {@link StoreView.open}, to be closed. */
export class StoreView {
  readonly location: string;
  readonly openedAt = new Date();
  /** The name of the generation that it is of, as `gen-000007`. */
  readonly generation: string;
  readonly engine: ByteReader;
  readonly snapshot: EngineSnapshot;
  readonly records: SyncReader;
  readonly #kept = new Map<string, KeptSync>();
  readonly #closing = new AbortController();

  private constructor(location: string, generation: string, engine: ByteReader) {
    this.location = location;
    this.generation = generation;
    this.engine = engine;
    this.snapshot = engine.snapshot();
    this.records = new SyncReader(engine);
  }

  /** @throws EngineError as `openReadOnly` */
  static async open(location: string, signal?: AbortSignal): Promise<StoreView> {
    for (;;) {
      // Where there is no store, the engine says so.
      const before = await currentGeneration(location).catch(() => '');
      const engine: ByteReader = await openReadOnly(location, {
        keyEncoding: 'view',
        valueEncoding: 'view',
        signal,
      });
      // Which of two generations it is of shows where there was one at the time.
      if ((await currentGeneration(location)) === before) {
        return new StoreView(location, before, engine);
      }
      await engine.close();
    }
  }

  /** The names of a sync, as far as they are read. */
  namesOf(syncId: string): NameIndex {
    const kept = this.#keptOf(syncId);
    kept.names ??= new NameIndex(this.engine, syncId, this.snapshot, this.#closing.signal);
    return kept.names;
  }

  /** Who has what in a sync. */
  accessOf(syncId: string): Promise<SyncAccess> {
    const kept = this.#keptOf(syncId);
    if (kept.access === undefined) {
      // It goes on for the next question where the one that began it ends.
      const opening = openAccess(this.engine, syncId, { signal: this.#closing.signal });
      kept.access = opening;
      opening.catch(() => delete kept.access);
    }
    return kept.access;
  }

  /** Where one question looks up names. */
  lookup(syncId: string): StoredNames {
    return new StoredNames(this.records, syncId, this.snapshot);
  }

  /** Ends what goes on in the background. No question may be open. */
  async close(): Promise<void> {
    this.#closing.abort();
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    for (const sync of kept) await closeKept(sync);
    await this.snapshot.close();
    await this.engine.close();
  }

  #keptOf(syncId: string): KeptSync {
    const kept = this.#kept.get(syncId) ?? {};
    // The one that was asked for last goes last.
    this.#kept.delete(syncId);
    this.#kept.set(syncId, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT_SYNCS && oldest !== undefined) this.#kept.delete(oldest);
    return kept;
  }
}

/** The name that CURRENT has of the generation in force. */
export async function currentGeneration(location: string): Promise<string> {
  return (await readFile(join(location, 'CURRENT'), 'latin1')).trim();
}

async function closeKept({ names, access }: KeptSync): Promise<void> {
  await names?.whole.catch(() => undefined);
  const opened = await access?.catch(() => undefined);
  await opened?.close();
}
