import { ClusterError } from '../errors.js';
import type { ClusterPort } from '../port.js';
import { EMPTY_STATE } from '../state/apply-record.js';
import type { State } from '../state/state.js';
import { decodeState } from '../state/state-format.js';

/**
 * Reads the state of the newest checkpoint; the empty state if there is none.
 *
 * @throws ClusterError SSTITCH_CLUSTER_CORRUPT, SSTITCH_CLUSTER_UNAVAILABLE
 */
export async function readNewestCheckpoint(port: ClusterPort): Promise<State> {
  const checkpoint = await port.readCheckpoint();
  if (checkpoint === undefined) return EMPTY_STATE;
  const state = decodeState(checkpoint.parts);
  if (state.slot !== checkpoint.slot) {
    const message = `the checkpoint of slot ${checkpoint.slot} holds the state of slot ${state.slot}`;
    throw new ClusterError('SSTITCH_CLUSTER_CORRUPT', message);
  }
  return state;
}
