import {
  byteEncodings,
  type EngineSnapshot,
  type ReadableEngine,
  type SnapshotOptions,
} from './engine.js';

/**
 * Takes a snapshot of an engine once it is open. Unlike other reads, abstract-level's `snapshot` does not wait for an
 * open in progress.
 *
 * @returns the snapshot, which the caller closes
 */
export async function takeSnapshot(
  engine: ReadableEngine,
  options?: SnapshotOptions,
): Promise<EngineSnapshot> {
  if (engine.status === 'opening') await engine.getMany([], byteEncodings);
  return engine.snapshot(options);
}
