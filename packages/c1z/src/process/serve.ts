// The child's end of the channel between the main program and a process.
import type { Serializable } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { C1zErrorCode } from '../errors.js';
import type { C1zProgress } from '../options.js';
import type { C1zWriteProgress } from '../sync-writer.js';
import { failureOf, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

/** The requests that a process serves. */
export interface Service {
  /** The code for errors that are not a C1zError. */
  readonly otherwise: C1zErrorCode;
  /** The path of the .c1z file, for messages, once it is known. */
  path(): string;
  answer(body: Serializable): unknown;
}

/** Serves the main program's requests one after another until the main program ends. */
export function serve(service: Service): void {
  // Nothing in this process needs a network. If `fetch` exists, zstddec decodes its embedded WebAssembly with it, which
  // makes Node load its HTTP client and takes as long as decoding 10 MB.
  Reflect.deleteProperty(globalThis, 'fetch');
  process.once('disconnect', removeAndExit);
  if (!process.connected) removeAndExit();
  let last = Promise.resolve();
  process.on('message', ({ request, body }: WorkerRequest) => {
    last = last.then(async () => {
      try {
        reply({ kind: 'done', request, result: await service.answer(body) });
      } catch (error) {
        const failure = failureOf(error, service.otherwise, service.path());
        reply({ kind: 'failed', request, failure });
      }
    });
  });
}

/** Reports progress. Await it where possible: that detects a lost parent. */
export async function reportProgress(progress: C1zProgress | C1zWriteProgress): Promise<void> {
  reply({ kind: 'progress', progress });
  await nextTurn();
}

function reply(message: WorkerReply): void {
  // If it cannot be sent, the parent has ended and `disconnect` follows; without a callback the error would end
  // this process first.
  process.send?.(message, () => {});
}

/**
 * The main program ends this process when it is done. If the main program ended itself, removes the files that
 * it would have removed.
 */
function removeAndExit(): void {
  // Passed on the command line, because a parent that ends at once may never send a request.
  const [, , ...paths] = process.argv;
  for (const path of paths) rmSync(path, { recursive: true, force: true });
  process.exit();
}
