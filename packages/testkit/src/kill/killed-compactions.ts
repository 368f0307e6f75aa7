// The stores of compactions that are killed, and what must be true of them afterwards: the base holds
// every acknowledged write, one whole revision of the compacted sync (the last acknowledged one or the
// one that had begun), all other syncs untouched, and nothing half-done on disk; a checkpoint that was
// acknowledged is a store with exactly what the base held.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { EngineError, Store } from '@sstitch/engine';
import { digestSync } from '@sstitch/records';
import { syntheticSyncId, writeSyntheticSync } from '../synthetic-syncs.js';
import type { CompactOrders } from './kill-compacting.js';
import type { LastWords, MadeTarget } from './kill-words.js';
import { checkWrites, WRITTEN_SPAN } from './kill-writes.js';

/** A lane of the kill family: its stores, through all of its rounds. */
export interface KilledWork {
  orders(): CompactOrders | import('./kill-adopting.js').AdoptOrders;
  /** Throws where a promise is broken. */
  check(words: LastWords): Promise<void>;
}

/** More writes than this are removed: every round reads all of them. */
const MAX_WRITES = 3000;
const SYNC_INDEXES = [0, 1, 2] as const;
// Revision 0 is what the base begins with, so that every round may end where the last one did.
const REVISIONS = [0, 1, 2] as const;

export class KilledCompactions implements KilledWork {
  readonly #directory: string;
  readonly #sourcePaths: readonly string[];
  readonly #replacedId: string;
  /** Digest of the replaced sync in each source. */
  readonly #revisions: readonly string[];
  /** Digest of each other sync in the base. */
  readonly #untouched: ReadonlyMap<string, string>;
  #held = 0;
  #firstWrite = 0;
  #nextWrite = 0;

  private constructor(
    directory: string,
    sourcePaths: readonly string[],
    replacedId: string,
    revisions: readonly string[],
    untouched: ReadonlyMap<string, string>,
  ) {
    this.#directory = directory;
    this.#sourcePaths = sourcePaths;
    this.#replacedId = replacedId;
    this.#revisions = revisions;
    this.#untouched = untouched;
  }

  /** Makes the stores in `directory`, which is there. @param grants in each sync */
  static async make(directory: string, grants: number): Promise<KilledCompactions> {
    mkdirSync(`${directory}/checkpoints`);
    const base = new Store(`${directory}/base`);
    const untouched = new Map<string, string>();
    for (const syncIndex of SYNC_INDEXES) {
      const options = { grants, syncIndex, revision: 0, shuffle: true };
      const { syncId } = await writeSyntheticSync(base, options);
      if (syncIndex > 0) untouched.set(syncId, (await digestSync(base, syncId)).digest);
    }
    await base.close();
    const replacedId = syntheticSyncId({ syncIndex: 0 });
    const sourcePaths: string[] = [];
    const revisions: string[] = [];
    for (const revision of REVISIONS) {
      const path = `${directory}/source-${revision}`;
      const source = new Store(path);
      await writeSyntheticSync(source, { grants, revision, shuffle: true });
      revisions.push((await digestSync(source, replacedId)).digest);
      await source.close();
      sourcePaths.push(path);
    }
    return new KilledCompactions(directory, sourcePaths, replacedId, revisions, untouched);
  }

  orders(): CompactOrders {
    return {
      kind: 'compact',
      basePath: `${this.#directory}/base`,
      sourcePaths: this.#sourcePaths,
      syncIds: [this.#replacedId],
      firstWrite: this.#nextWrite,
      checkpointPath: `${this.#directory}/checkpoints/checkpoint`,
    };
  }

  async check(words: LastWords): Promise<void> {
    const heldBefore = this.#held;
    const allowed = [
      words.committed ?? heldBefore,
      ...(words.begun === undefined ? [] : [words.begun]),
    ];
    const least = Math.max(words.lastWrite, this.#nextWrite - 1);
    const base = new Store(`${this.#directory}/base`, { createIfMissing: false });
    try {
      await base.open();
      this.#held = await this.#checkSyncs(base, allowed);
      // What was written and not acknowledged may be there too: one write.
      this.#nextWrite = (await checkWrites(base, this.#firstWrite, least, least + 1)) + 1;
      for (const [target, made] of words.targets) {
        await this.#checkCheckpoint(target, made, heldBefore);
      }
      if (this.#nextWrite - this.#firstWrite > MAX_WRITES) {
        await base.excise([WRITTEN_SPAN]);
        this.#firstWrite = this.#nextWrite;
      }
    } finally {
      await base.close();
    }
    checkDirectory(`${this.#directory}/base`);
    rmSync(`${this.#directory}/checkpoints`, { recursive: true });
    mkdirSync(`${this.#directory}/checkpoints`);
  }

  /** Gives the revision that the store holds. */
  async #checkSyncs(store: Store, allowed: readonly number[]): Promise<number> {
    const { digest } = await digestSync(store, this.#replacedId);
    const held = this.#revisions.indexOf(digest);
    if (held < 0) throw new Error(`${store.location}: the sync is neither old nor new`);
    if (!allowed.includes(held)) {
      const may = allowed.join(' or ');
      throw new Error(`${store.location}: the sync has revision ${held}, it may have ${may}`);
    }
    for (const [id, expected] of this.#untouched) {
      if ((await digestSync(store, id)).digest !== expected) {
        throw new Error(`${store.location}: sync ${id} was touched`);
      }
    }
    return held;
  }

  async #checkCheckpoint(target: number, made: MadeTarget, heldBefore: number): Promise<void> {
    const { leastWrite, mostWrite, revision = heldBefore } = made;
    const path = `${this.#directory}/checkpoints/checkpoint-${target}`;
    const copy = new Store(path, { createIfMissing: false });
    try {
      try {
        await copy.open();
      } catch (error) {
        // Absent, or refused as what is no store yet: for one whose making was cut short.
        if (mostWrite === undefined && isNotFound(error)) return;
        throw error;
      }
      await this.#checkSyncs(copy, [revision]);
      await checkWrites(copy, this.#firstWrite, leastWrite, mostWrite);
    } catch (error) {
      throw new Error(`checkpoint ${target} (${JSON.stringify(made)})`, { cause: error });
    } finally {
      await copy.close();
    }
    if (existsSync(path)) checkDirectory(path);
  }
}

/** Whether an open says that there is no store. */
export function isNotFound(error: unknown): boolean {
  const cause = error instanceof EngineError ? error : (error as { cause?: unknown }).cause;
  return cause instanceof EngineError && cause.code === 'SSTITCH_STORE_NOT_FOUND';
}

/** After an open and a close there is one generation, and nothing half-done. */
export function checkDirectory(path: string): void {
  const names = readdirSync(path).filter((name) => name !== 'staging' && name !== 'RESERVE');
  if (names.length !== 3 || names.filter((name) => name.startsWith('gen-')).length !== 1) {
    throw new Error(`the store's directory ${path} holds ${names.join(', ')}`);
  }
}
