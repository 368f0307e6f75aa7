// Reads and writes of an engine as one step. On one that others write too, the write takes effect only if what was read
// is unchanged; if it is not, the step is repeated.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  compareBytes,
  type EngineSnapshot,
  joinTouchingSpans,
  keyAfter,
  type ReadableEngine,
  type Span,
  takeSnapshot,
} from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';
import { withWriteLock } from './write-lock.js';

const MAX_ATTEMPTS = 20;
const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 1000;

/**
 * Runs `step` as {@link withWriteLock} does. It reads `spans` of the engine, and writes what depends on them.
 *
 * If the engine has the capability `conditions`, `step` gets a snapshot that watches `spans`: it reads that, and passes
 * it as `ifUnchanged` with its commits. After a conflict `step` runs again, on a new snapshot, up to 20 times in all, with
 * pauses of up to a second. On any other engine it gets undefined, and reads the current state: the lock is enough.
 *
 * @param spans in any order
 * @throws the error of the last conflict, SSTITCH_COMMIT_CONFLICT; {@link RecordsError} SSTITCH_ABORTED before the first run
 * and between two; whatever `step` throws
 */
export function writeIfUnchanged<T>(
  engine: ReadableEngine,
  spans: readonly Span[],
  signal: AbortSignal | undefined,
  step: (basis: EngineSnapshot | undefined) => Promise<T>,
): Promise<T> {
  const work = async (): Promise<T> => {
    if (!takesConditions(engine)) return step(undefined);
    const sorted = spans.toSorted((a, b) => compareBytes(a.start, b.start));
    const watch = joinTouchingSpans(sorted);
    for (let attempt = 1; ; attempt += 1) {
      const basis = await takeSnapshot(engine, { watch });
      try {
        return await step(basis);
      } catch (error) {
        if (!isConflict(error) || attempt === MAX_ATTEMPTS) throw error;
      } finally {
        await basis.close();
      }
      const longestMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt, MAX_PAUSE_MS);
      await pause(Math.random() * longestMs, signal);
    }
  };
  return withWriteLock(engine, work, signal);
}

/** The spans of single keys, for {@link writeIfUnchanged}. */
export function spansOfKeys(keys: readonly Uint8Array[]): Span[] {
  return keys.map((key) => ({ start: key, end: keyAfter(key) }));
}

function takesConditions(engine: ReadableEngine): boolean {
  const { capabilities } = engine as { readonly capabilities?: { readonly conditions?: boolean } };
  return capabilities?.conditions === true;
}

function isConflict(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'SSTITCH_COMMIT_CONFLICT';
}

async function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  // An abort ends the sleep with an error of Node's.
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
  throwIfAborted(signal);
}
