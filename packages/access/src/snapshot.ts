import { byteEncodings, type EngineSnapshot, type ReadableEngine } from '@sstitch/contract';

/**
 * A snapshot of an engine, once it is open: alone of all reads, abstract-level's `snapshot` does not wait for an
 * opening that is under way.
 */
export async function takeSnapshot(engine: ReadableEngine): Promise<EngineSnapshot> {
  if (engine.status === 'opening') await engine.getMany([], byteEncodings);
  return engine.snapshot();
}
