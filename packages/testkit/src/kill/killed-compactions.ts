// Checks stores after a compaction was killed. The base holds every acknowledged write, one whole revision of
// the compacted sync (the last acknowledged one or the one that had begun) and all other syncs unchanged, with
// no partial state on disk. An acknowledged checkpoint is a store with exactly the content of the base.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { EngineError, Store } from '@sstitch/engine';
import { digestSync } from '@sstitch/records';
import { syntheticSyncId, writeSyntheticSync } from '../synthetic/synthetic-syncs.js';
import type { CompactOrders } from './kill-compacting.js';
import { checkWrites, WRITTEN_SPAN } from './kill-writes.js';
import type { MadeTarget, VictimReport } from './victim-report.js';

/** The stores of a lane of the kill family, used in all of its rounds. */
export interface KilledWork {
  orders(): CompactOrders | import('./kill-adopting.js').AdoptOrders;
  /** Rejects if a guarantee is broken. */
  check(report: VictimReport): Promise<void>;
}

/** The most writes to keep: every round reads all of them. */
const MAX_WRITES = 3000;
const SYNC_INDEXES = [0, 1, 2] as const;
// The base begins with revision 0, and a round may leave the revision unchanged.
const REVISIONS = [0, 1, 2] as const;

export class KilledCompactions implements KilledWork {
  readonly #directory: string;
  readonly #sourcePaths: readonly string[];
  readonly #replacedId: string;
  /** The digest of the replaced sync in each source. */
  readonly #revisions: readonly string[];
  /** The digest of each other sync in the base. */
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

  /** Creates the stores in `directory`, which exists. @param grants the number of grants in each sync */
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

  async check(report: VictimReport): Promise<void> {
    const heldBefore = this.#held;
    const allowed = [
      report.committed ?? heldBefore,
      ...(report.begun === undefined ? [] : [report.begun]),
    ];
    const least = Math.max(report.lastWrite, this.#nextWrite - 1);
    const base = new Store(`${this.#directory}/base`, { createIfMissing: false });
    try {
      await base.open();
      this.#held = await this.#checkSyncs(base, allowed);
      // One write that was not acknowledged may be present too.
      this.#nextWrite = (await checkWrites(base, this.#firstWrite, least, least + 1)) + 1;
      for (const [target, made] of report.targets) {
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

  /** Checks the syncs and returns the revision that the store holds. */
  async #checkSyncs(store: Store, allowed: readonly number[]): Promise<number> {
    const { digest } = await digestSync(store, this.#replacedId);
    const held = this.#revisions.indexOf(digest);
    if (held < 0) throw new Error(`${store.location}: the sync is neither old nor new`);
    if (!allowed.includes(held)) {
      const may = allowed.join(' or ');
      throw new Error(`${store.location}: the sync has revision ${held}, not ${may}`);
    }
    for (const [id, expected] of this.#untouched) {
      if ((await digestSync(store, id)).digest !== expected) {
        throw new Error(`${store.location}: sync ${id} has changed`);
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
        // A checkpoint whose creation was interrupted may be absent or refused.
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

/** Whether the error of an open says that there is no store. */
export function isNotFound(error: unknown): boolean {
  const cause = error instanceof EngineError ? error : (error as { cause?: unknown }).cause;
  return cause instanceof EngineError && cause.code === 'SSTITCH_STORE_NOT_FOUND';
}

/** Checks that after an open and a close the directory holds one generation and no partial state. */
export function checkDirectory(path: string): void {
  const names = readdirSync(path).filter((name) => name !== 'staging' && name !== 'RESERVE');
  if (names.length !== 3 || names.filter((name) => name.startsWith('gen-')).length !== 1) {
    throw new Error(`the store's directory ${path} holds ${names.join(', ')}`);
  }
}
