import { addAbortSignal, type Readable } from 'node:stream';

/** Makes reading a stream reject when a signal fires, also while it waits for bytes. */
export function endedBy(signal: AbortSignal, stream: Readable): Readable {
  // Without a listener, an error that comes when nothing reads would end the process.
  return addAbortSignal(signal, stream).on('error', () => undefined);
}
