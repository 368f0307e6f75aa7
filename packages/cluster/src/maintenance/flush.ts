// Moves the memtable to a run of level 0, so that the state stays small. Any process may flush at any time: of two that
// flush at once, the edit of the later one is void and its run is dropped.
import type { Clock } from '../clock.js';
import { lastVersionOf } from '../log/edits.js';
import type { ClusterPort } from '../port.js';
import type { LogClient } from '../protocol/log-client.js';
import type { RunReader } from '../runs/run-reader.js';
import { writeRun } from '../runs/run-writer.js';
import type { State } from '../state/state.js';
import { commitRun } from './commit-run.js';

/** The memtable is flushed when its keys and values exceed this size. */
export const MEMTABLE_BYTES = 1024 * 1024;

/** The parts of a store that flushes and folds use. */
export interface MaintenanceContext {
  readonly client: LogClient;
  readonly port: ClusterPort;
  readonly reader: RunReader;
  readonly clock: Clock;
  readonly blockSizeBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Makes the UUIDs of runs. @defaultValue `crypto.randomUUID` */
  readonly newId?: (() => string) | undefined;
}

/**
 * Flushes what the memtable holds now. Without entries it still commits if level 0 has newer runs than the last flush,
 * as a merge and a fold go up to it.
 *
 * @returns whether it was flushed: false if there is nothing to flush, or another process was first
 * @throws ClusterError as `LogClient.commit` and `writeRun`
 */
export async function flushMemtable(context: MaintenanceContext): Promise<boolean> {
  const { client } = context;
  const { memtable, levelZero, flushedTo, slot } = await client.latest();
  const hasNewRuns = levelZero.some((one) => one.version > flushedTo);
  if (memtable.length === 0 && !hasNewRuns) return false;
  const entries = memtable.map(({ key, value, version }) => ({ key, value, sequence: version }));
  const written = await writeRun([entries], context);
  const edit = {
    type: 'flush',
    run: written?.run,
    from: flushedTo,
    to: lastVersionOf(slot),
  } as const;
  return (await commitRun(client, written, [edit])) !== undefined;
}

/**
 * The part of a state that was flushed: level 0 up to the last flush, and no memtable. It lacks no entry up to that
 * version: what is newer was written later as a whole.
 */
export function flushedState(state: State): State {
  const levelZero = state.levelZero.filter(({ version }) => version <= state.flushedTo);
  return { ...state, levelZero, memtable: [], memtableBytes: 0 };
}
