// Deletes the part of the log that a checkpoint replaces, in whole segments, and the checkpoints before the newest.
//
// The checkpoint's slot is read before the leases: a process whose lease is not among them reads this checkpoint or a
// later one, and the slots after it. The head of a deleted segment stays, so that an append to it is always lost. Where
// there is something to delete, the checkpoint is read whole before: the log is kept if its replacement lacks data.
import { throwIfAborted } from '../errors.js';
import { type ClusterPort, lastSlotOf, segmentOf } from '../port.js';
import type { CollectionContext } from './collect.js';

/** What a collection deleted of the log. */
export interface TruncateReport {
  /** Segments of the log, each of {@link SLOTS_PER_SEGMENT} slots. */
  readonly deletedSegments: number;
  /** Every slot up to it is deleted, in whole segments; 0 without a checkpoint. */
  readonly heldSlot: number;
}

/**
 * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_LEASE_LOST; SSTITCH_ABORTED between two deletions
 */
export async function truncateLog(context: CollectionContext): Promise<TruncateReport> {
  const { port, client, watch, signal } = context;
  const [checkpointSlot, ...olderSlots] = await port.readCheckpointSlots();
  if (checkpointSlot === undefined) return { deletedSegments: 0, heldSlot: 0 };
  const { live } = await watch.observe(() => port.readLeases());
  client.checkLease();
  const heldSlot = Math.min(checkpointSlot, ...live.map((lease) => lease.slot));
  const segments = await segmentsUpTo(port, heldSlot);
  if (segments.length === 0 && olderSlots.length === 0) return { deletedSegments: 0, heldSlot };
  await port.readCheckpoint();
  for (const segment of segments) {
    throwIfAborted(signal);
    await port.deleteSegment(segment);
  }
  await port.deleteCheckpointsBefore(checkpointSlot);
  return { deletedSegments: segments.length, heldSlot };
}

/** The segments that have no slot after `slot` and are not deleted, in ascending order: the order of deletion. */
async function segmentsUpTo(port: ClusterPort, slot: number): Promise<number[]> {
  const segments: number[] = [];
  for (let segment = segmentOf(slot + 1) - 1; segment >= 0; segment -= 1) {
    const last = lastSlotOf(segment);
    if ((await port.readSlots(last, last, 'serial')).length === 0) break;
    segments.unshift(segment);
  }
  return segments;
}
