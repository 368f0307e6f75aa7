// A process's end of the channel to the main program.
import type { Serializable } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { C1zErrorCode } from '../errors.js';
import type { C1zProgress } from '../options.js';
import { failureOf, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

/** How a process answers. */
export interface Service {
  /** The code of an error that is no C1zError. */
  readonly otherwise: C1zErrorCode;
  /** The .c1z file, for messages, once it is known. */
  path(): string;
  answer(body: Serializable): unknown;
}

/** Answers the main program's requests, one after another, until the main program ends. */
export function serve(service: Service): void {
  // Nothing in this process has a reason to reach a network.
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

export async function reportProgress(progress: C1zProgress): Promise<void> {
  reply({ kind: 'progress', progress });
  // Lets the message out, and a lost parent be noticed.
  await nextTurn();
}

function reply(message: WorkerReply): void {
  // Where it cannot be sent, the parent has gone, and `disconnect` follows; without a callback the error
  // would end this process before.
  process.send?.(message, () => {});
}

/** The main program ends this process once it is done; if it went away itself, what it would remove goes too. */
function removeAndExit(): void {
  // Given on the command line: a parent that goes at once may never send a request.
  const [, , ...paths] = process.argv;
  for (const path of paths) rmSync(path, { recursive: true, force: true });
  process.exit();
}
