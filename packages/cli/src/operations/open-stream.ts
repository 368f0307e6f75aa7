// Reads a pipe or a device, which may never end, until a signal fires.
import { constants, createReadStream, openSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { endedBy } from '../terminal/ended-by.js';

/** Opens what is at a path as a stream. When the signal fires, reading rejects. */
export function openStream(path: string, signal: AbortSignal): Readable {
  return endedBy(signal, statSync(path).isFIFO() ? pipeAt(path) : createReadStream(path));
}

/** Opens a pipe without waiting for a writer: a thread that waits for one prevents even an exit of the process. */
function pipeAt(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}
