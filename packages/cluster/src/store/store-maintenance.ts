// The maintenance of an open store: what its methods start, and what runs automatically.
//
//   flush        the memtable is larger than about MEMTABLE_BYTES, or before a merge or a fold
//   merge        level 0 has more than about LEVEL_ZERO_RUNS runs, and is small beside the pieces' runs
//   fold         level 0 has more than about LEVEL_ZERO_RUNS runs, and is not
//   rewrite      a run may have been replaced for the most part
//   join         REMOVABLE_PIECES pieces can be joined
//   checkpoint   a slot that asks for one has a commit of this process
//   collect      there may be something to delete, and a lease's time has passed since the last collection
//
// Every process of a store maintains it. What two processes do at once takes effect once, or twice without harm
// (maintenance/). Their limits differ a little, so one is usually done before the next one begins.
import type { Clock } from '../clock.js';
import { isCheckpointSlot, writeCheckpoint } from '../maintenance/checkpoints.js';
import { type CollectReport, collect } from '../maintenance/collect.js';
import { flushMemtable, type MaintenanceContext, MEMTABLE_BYTES } from '../maintenance/flush.js';
import { type FoldReport, foldLevelZero } from '../maintenance/fold.js';
import { joinEmptyPieces, REMOVABLE_PIECES, removablePieces } from '../maintenance/join-pieces.js';
import { LeaseWatch } from '../maintenance/lease-watch.js';
import { mergeLevelZero } from '../maintenance/merge.js';
import { mayHaveSparseRuns, rewriteSparseRun } from '../maintenance/rewrite-sparse.js';
import { type ClusterStatus, readStatus } from '../maintenance/status.js';
import { type TruncateReport, truncateLog } from '../maintenance/truncate.js';
import { SLOTS_PER_SEGMENT } from '../port.js';
import type { State } from '../state/state.js';
import { Background, type BackgroundMetrics, type MaintenanceTask } from './background.js';

/** Level 0 is merged or folded when it has more runs than this. */
const LEVEL_ZERO_RUNS = 8;
const FOLD_RATIO = 4;
/** Writers wait for maintenance while the memtable or level 0 is this many times over its limit. */
const OVERFULL = 4;

/** What a collection deleted. */
export type CollectionReport = CollectReport & TruncateReport;

export interface StoreMaintenanceOptions {
  readonly leaseMs: number;
  readonly isAutomatic: boolean;
  readonly onFailure: (task: string, error: unknown) => void;
}

export class StoreMaintenance {
  readonly #context: MaintenanceContext;
  readonly #watch: LeaseWatch;
  readonly #leaseMs: number;
  readonly #background: Background;
  readonly #stop = new AbortController();
  readonly #ticking: Promise<void>;
  /** The factor by which this process's limits are higher, from 1 to 1.5. */
  readonly #patience: number;
  #isCheckpointDue = false;
  /** The pieces among whose runs no sparse one was found. */
  #checkedPieces: State['pieces'] | undefined;
  #collectedMs = Number.NEGATIVE_INFINITY;
  /** The slot at which the log was last truncated. */
  #truncatedSlot = 0;

  constructor(context: MaintenanceContext, options: StoreMaintenanceOptions) {
    const { leaseMs, isAutomatic, onFailure } = options;
    this.#context = context;
    this.#leaseMs = leaseMs;
    this.#patience = 1 + Number.parseInt(context.client.owner.slice(0, 4), 16) / 0x20000;
    this.#watch = new LeaseWatch(context.clock);
    this.#background = new Background(isAutomatic ? this.#tasks() : [], onFailure);
    this.#ticking = isAutomatic ? this.#tick(context.clock) : Promise.resolve();
    context.client.onOwnSlot((slot) => this.#afterOwn(slot));
  }

  get #known(): State {
    return this.#context.client.known;
  }

  get #isMemtableLarge(): boolean {
    return this.#known.memtableBytes > this.#patience * MEMTABLE_BYTES;
  }

  get #isLevelZeroLarge(): boolean {
    return this.#known.levelZero.length > this.#patience * LEVEL_ZERO_RUNS;
  }

  #tasks(): MaintenanceTask[] {
    return [
      {
        name: 'flush',
        isDue: () => this.#isMemtableLarge || this.#isLevelZeroLarge,
        run: (signal) => flushMemtable({ ...this.#context, signal }),
      },
      {
        name: 'fold',
        isDue: () => this.#isLevelZeroLarge && isWorthFolding(this.#known),
        run: async (signal) => (await foldLevelZero({ ...this.#context, signal })).isComplete,
      },
      {
        name: 'merge',
        isDue: () => this.#isLevelZeroLarge,
        run: (signal) => mergeLevelZero({ ...this.#context, signal }),
      },
      {
        name: 'rewrite',
        isDue: () => {
          const { pieces } = this.#known;
          return pieces !== this.#checkedPieces && mayHaveSparseRuns(this.#known);
        },
        run: async (signal) => {
          const { pieces } = this.#known;
          const didSomething = await rewriteSparseRun({ ...this.#context, signal });
          if (!didSomething) this.#checkedPieces = pieces;
          return didSomething;
        },
      },
      {
        name: 'join',
        isDue: () =>
          this.#known.pieces.length > REMOVABLE_PIECES &&
          removablePieces(this.#known) >= REMOVABLE_PIECES,
        run: () => joinEmptyPieces(this.#context.client),
      },
      {
        name: 'checkpoint',
        isDue: () => this.#isCheckpointDue,
        run: async () => (await this.checkpoint()) > 0,
      },
      {
        name: 'collect',
        isDue: () => this.#isCollectionDue(),
        run: async (signal) => (await this.collect(signal)).deletedRuns > 0,
      },
    ];
  }

  #isCollectionDue(): boolean {
    const { client, clock } = this.#context;
    const { retired, owners, slot } = this.#known;
    if (clock.nowMs() - this.#collectedMs < this.#leaseMs) return false;
    const hasOthers = owners.size > (owners.has(client.owner) ? 1 : 0);
    return retired.size > 0 || hasOthers || slot - this.#truncatedSlot >= SLOTS_PER_SEGMENT;
  }

  /** Starts what becomes due with time: a store that only reads must collect too. */
  async #tick(clock: Clock): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(this.#leaseMs, signal).catch(() => undefined);
      if (!signal.aborted) this.#background.wake();
    }
  }

  /**
   * @param slot has a commit of this process, of a writer or of maintenance. Both kinds count: if each process writes
   * once, every slot that asks for a checkpoint may have a commit of the same kind
   */
  #afterOwn(slot: number): void {
    if (isCheckpointSlot(slot)) this.#isCheckpointDue = true;
    this.#background.wake();
  }

  /** Whether a writer should wait until maintenance has settled. */
  get isOverfull(): boolean {
    const { memtableBytes, levelZero } = this.#known;
    return (
      memtableBytes > OVERFULL * MEMTABLE_BYTES || levelZero.length > OVERFULL * LEVEL_ZERO_RUNS
    );
  }

  /** Fulfils when no background task runs. */
  get settled(): Promise<void> {
    return this.#background.settled;
  }

  /** @throws ClusterError as `flushMemtable` */
  flush(signal: AbortSignal): Promise<boolean> {
    return flushMemtable({ ...this.#context, signal });
  }

  /** Flushes and folds. @throws ClusterError as `flushMemtable` and `foldLevelZero` */
  async fold(signal: AbortSignal): Promise<FoldReport> {
    await this.flush(signal);
    const context = { ...this.#context, signal };
    const report = await foldLevelZero(context);
    while (await rewriteSparseRun(context));
    await joinEmptyPieces(context.client);
    return report;
  }

  /** Deletes what no process needs. @throws ClusterError as `collect` and `truncateLog` */
  async collect(signal: AbortSignal): Promise<CollectionReport> {
    const { port, client, clock } = this.#context;
    const context = { port, client, watch: this.#watch, signal };
    this.#collectedMs = clock.nowMs();
    const collected = await collect(context);
    const truncated = await truncateLog(context);
    this.#truncatedSlot = this.#known.slot;
    return { ...collected, ...truncated };
  }

  /** Writes a checkpoint of the newest state. Returns its slot. @throws ClusterError as `writeCheckpoint` */
  async checkpoint(): Promise<number> {
    const { port, client } = this.#context;
    const state = await client.latest();
    await writeCheckpoint(port, state);
    this.#isCheckpointDue = false;
    return state.slot;
  }

  /** @throws ClusterError as `readStatus` */
  status(): Promise<ClusterStatus> {
    const { port, client } = this.#context;
    return readStatus({ port, client, watch: this.#watch });
  }

  get metrics(): BackgroundMetrics {
    return this.#background.metrics;
  }

  /** Cancels background tasks, and waits for them to end. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ticking;
    await this.#background.close();
  }
}

/** Whether level 0 has at least a fourth of the size of what it lies over: a fold then writes a few times as much. */
function isWorthFolding({ levelZero, pieces }: State): boolean {
  const base = new Map(pieces.map(({ run }) => [run?.id, run?.bytes ?? 0]));
  const baseBytes = [...base.values()].reduce((sum, bytes) => sum + bytes, 0);
  const bytes = levelZero.reduce((sum, { run }) => sum + run.bytes, 0);
  return bytes * FOLD_RATIO >= baseBytes;
}
