// The reader process: decodes a .c1z file and answers for its records. Decoding, SQLite and Pebble's tables all hold
// the thread they run on, for seconds on a large file, and a hostile file may do so for longer, or bring
// the process down: here they harm nobody, and can be ended from outside at any time.
//
// A process, not a worker thread: Node.js 20 can abort as a whole when a thread ends while V8 is still
// optimizing its code (IsolatePlatformDelegate, "data.first != nullptr").
import { rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { C1zProgress } from '../options.js';
import type { SyncContents } from '../sync-contents.js';
import { openContents } from './open-contents.js';
import {
  FILE_DESCRIPTOR,
  failureOf,
  OPEN_REQUEST,
  type PageRequest,
  type ReaderReply,
  type ReaderTask,
} from './reader-protocol.js';

// Nothing in this process has a reason to reach a network.
Reflect.deleteProperty(globalThis, 'fetch');

function reply(message: ReaderReply): void {
  // Where it cannot be sent, the parent has gone, and `disconnect` follows; without a callback the error
  // would end this process before.
  process.send?.(message, () => {});
}

async function report(progress: C1zProgress): Promise<void> {
  reply({ kind: 'progress', progress });
  // Lets the message out, and a lost parent be noticed.
  await nextTurn();
}

function answer(task: ReaderTask, contents: SyncContents, asked: PageRequest): void {
  const { request } = asked;
  try {
    reply({ kind: 'page', request, page: contents.page(asked) });
  } catch (error) {
    reply({ kind: 'failed', request, failure: failureOf(error, task.path) });
  }
}

/** The parent ends this process once it is done; if it went away itself, its folder goes too. */
function removeAndExit(): void {
  // Given on the command line: a parent that goes at once may never send its task.
  const [, , folder] = process.argv;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  process.exit();
}

process.once('disconnect', removeAndExit);
if (!process.connected) removeAndExit();

process.once('message', async (task: ReaderTask) => {
  try {
    const contents = await openContents(task, FILE_DESCRIPTOR, report);
    const { decodedBytes, engine } = contents;
    reply({ kind: 'opened', decodedBytes, engine, syncRuns: contents.syncRuns() });
    process.on('message', (asked: PageRequest) => answer(task, contents, asked));
  } catch (error) {
    reply({ kind: 'failed', request: OPEN_REQUEST, failure: failureOf(error, task.path) });
  }
});
