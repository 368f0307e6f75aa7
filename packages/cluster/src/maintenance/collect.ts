// Deletes what no process can read any more: retired runs, what dead processes loaded and never committed, and their
// leases. Any process may collect at any time, and any number at once: a deletion concerns only what no state from now
// on names, so it does no harm however late it happens.
//
// The order of the steps carries the proof:
// 1. The state G is read before the leases. A process whose lease is not among them opens at G or after. So a run that
//    was retired up to G, and up to the slot of every live lease, is read by no process.
// 2. Owners that joined up to G and have no live lease are dead: each wrote its lease before it joined. `abort` makes
//    every later commit of a run of theirs void.
// 3. Intents are read before the state that they are compared with. An intent was written after its owner joined: if
//    that state does not have the owner, it was aborted, and what the state does not name, no later state will.
import { throwIfAborted } from '../errors.js';
import type { ClusterPort } from '../port.js';
import type { LogClient } from '../protocol/log-client.js';
import type { State } from '../state/state.js';
import { runsOf } from '../state/state-format.js';
import type { LeaseWatch } from './lease-watch.js';

/** How many ids one commit names. */
const IDS_PER_COMMIT = 1000;

/** The parts of a store that a collection uses. */
export interface CollectionContext {
  readonly port: ClusterPort;
  readonly client: LogClient;
  readonly watch: LeaseWatch;
  readonly signal?: AbortSignal | undefined;
}

/** What a collection deleted of runs, owners and their rows. */
export interface CollectReport {
  /** Retired runs that were deleted. */
  readonly deletedRuns: number;
  /** The bytes of their blocks. */
  readonly deletedBytes: number;
  /** Retired runs that a live lease holds. */
  readonly heldRuns: number;
  /** Runs that were loaded and never committed. */
  readonly deletedLoads: number;
  /** Owners that had joined and are dead. */
  readonly abortedOwners: number;
  /** Leases of dead processes. */
  readonly deletedLeases: number;
  /** Announcements of processes without a live lease. */
  readonly deletedAnnouncements: number;
}

/**
 * Collects once.
 *
 * @throws ClusterError as `LogClient.latest` and `LogClient.commit`; SSTITCH_ABORTED between two deletions
 */
export async function collect(context: CollectionContext): Promise<CollectReport> {
  const { port, client, watch } = context;
  const state = await client.latest();
  const { live, dead } = await watch.observe(() => port.readLeases());
  client.checkLease();
  const liveOwners = new Set([client.owner, ...live.map((lease) => lease.owner)]);

  const heldSlot = Math.min(state.slot, ...live.map((lease) => lease.slot));
  const retired = await deleteRetired(context, state, heldSlot);

  const deadOwners = [...state.owners.keys()].filter((owner) => !liveOwners.has(owner));
  for (const owners of batchesOf(deadOwners)) await client.commit([{ type: 'abort', owners }]);

  const deletedLoads = await deleteOrphans(context);

  for (const { owner } of dead) await port.deleteLease(owner);
  const announcements = (await port.readAnnouncements()).filter(
    ({ owner }) => !liveOwners.has(owner),
  );
  for (const { owner } of announcements) await port.deleteAnnouncement(owner);
  return {
    ...retired,
    deletedLoads,
    abortedOwners: deadOwners.length,
    deletedLeases: dead.length,
    deletedAnnouncements: announcements.length,
  };
}

/** Deletes the runs that were retired up to a slot. */
async function deleteRetired(
  { port, client, signal }: CollectionContext,
  state: State,
  heldSlot: number,
): Promise<Pick<CollectReport, 'deletedRuns' | 'deletedBytes' | 'heldRuns'>> {
  const all = [...state.retired.values()];
  const retired = all.filter(({ slot }) => slot <= heldSlot).map(({ run }) => run);
  let deletedBytes = 0;
  for (const batch of batchesOf(retired)) {
    for (const run of batch) {
      throwIfAborted(signal);
      await port.deleteRun(run.id, run.chunks);
      deletedBytes += run.bytes;
    }
    await client.commit([{ type: 'dropped', runs: batch.map((run) => run.id) }]);
  }
  return { deletedRuns: retired.length, deletedBytes, heldRuns: all.length - retired.length };
}

/** Deletes what aborted owners loaded and did not commit, and their intents. */
async function deleteOrphans({ port, client, signal }: CollectionContext): Promise<number> {
  const loads = await port.readLoads();
  if (loads.length === 0) return 0;
  const state = await client.latest();
  const named = runsOf(state);
  let deleted = 0;
  for (const load of loads) {
    throwIfAborted(signal);
    if (state.owners.has(load.owner)) continue;
    if (!named.has(load.run)) {
      await port.deleteRun(load.run, load.chunks);
      deleted += 1;
    }
    await port.deleteLoad(load.run);
  }
  return deleted;
}

function batchesOf<T>(items: readonly T[]): T[][] {
  const batches: T[][] = [];
  for (let at = 0; at < items.length; at += IDS_PER_COMMIT) {
    batches.push(items.slice(at, at + IDS_PER_COMMIT));
  }
  return batches;
}
