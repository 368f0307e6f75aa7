// Reads a stream that may yield nothing for ever, until a signal fires.
import { Readable } from 'node:stream';

/**
 * Yields the chunks of a stream.
 * @throws the signal's reason as soon as it fires, even while a chunk is awaited; whatever the stream throws
 */
export async function* untilAborted<T>(
  chunks: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  if (signal === undefined) {
    yield* chunks;
    return;
  }
  signal.throwIfAborted();
  const iterator = chunks[Symbol.asyncIterator]();
  let isWaiting = false;
  try {
    for (;;) {
      isWaiting = true;
      const next = await orAborted(iterator.next(), signal);
      isWaiting = false;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // The return of an iterator waits for the pending chunk, which may never arrive.
    if (isWaiting && chunks instanceof Readable) chunks.destroy();
    const closing = Promise.resolve(iterator.return?.());
    if (isWaiting) closing.catch(() => undefined);
    else await closing;
  }
}

/** Fulfils or rejects as `promise` does, unless `signal` fires before: then it rejects with the signal's reason. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
