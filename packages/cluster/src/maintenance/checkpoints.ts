import type { ClusterPort } from '../port.js';
import type { State } from '../state/state.js';
import { encodeState } from '../state/state-format.js';

/** The most slots that an open reads, unless writing a checkpoint has failed. */
const CHECKPOINT_SLOTS = 128;

/** Whether the process that committed a slot writes a checkpoint of it. */
export function isCheckpointSlot(slot: number): boolean {
  return slot % CHECKPOINT_SLOTS === 0;
}

/**
 * Writes a state for processes that open. A slot has one state, so several processes may write it at once.
 *
 * @throws ClusterError SSTITCH_CLUSTER_UNAVAILABLE
 */
export async function writeCheckpoint(port: ClusterPort, state: State): Promise<void> {
  await port.writeCheckpoint({ slot: state.slot, parts: encodeState(state) });
}
