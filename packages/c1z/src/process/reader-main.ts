// The reader process: decodes a .c1z file and answers for its rows. Decoding and SQLite both hold the
// thread they run on, for seconds on a large file, and a hostile file may do so for longer, or bring
// the process down: here they harm nobody, and can be ended from outside at any time.
//
// A process, not a worker thread: Node.js 20 can abort as a whole when a thread ends while V8 is still
// optimizing its code (IsolatePlatformDelegate, "data.first != nullptr").
import { closeSync, openSync, rmSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeStream } from '../envelope/decode-stream.js';
import { C1zError, messageOf } from '../errors.js';
import { SyncDatabase } from '../format1/sync-database.js';
import {
  type BatchRequest,
  FILE_DESCRIPTOR,
  failureOf,
  OPEN_REQUEST,
  type ReaderReply,
  type ReaderTask,
} from './reader-protocol.js';

// zstddec would read its WebAssembly, which it has as text, through fetch; to load that takes as long as
// decoding 10 MB. Nor has anything in this process a reason to reach a network.
Reflect.deleteProperty(globalThis, 'fetch');

function reply(message: ReaderReply): void {
  // Where it cannot be sent, the parent has gone, and `disconnect` follows; without a callback the error
  // would end this process before.
  process.send?.(message, () => {});
}

async function open(task: ReaderTask): Promise<SyncDatabase> {
  const { path, fileBytes, payloadOffset, databasePath, limits } = task;
  const source = { path, fileDescriptor: FILE_DESCRIPTOR, fileBytes, offset: payloadOffset };
  let decodedBytes = 0;
  const target = createFile(databasePath, path);
  try {
    decodedBytes = await decodeStream(source, target, limits, async (progress) => {
      reply({ kind: 'progress', progress });
      // Lets the message out, and a lost parent be noticed.
      await nextTurn();
    });
  } finally {
    closeSync(target);
    closeSync(FILE_DESCRIPTOR);
  }
  const database = SyncDatabase.open(databasePath, path, limits);
  reply({ kind: 'opened', decodedBytes, syncRuns: database.syncRuns() });
  return database;
}

function createFile(databasePath: string, path: string): number {
  try {
    return openSync(databasePath, 'wx', 0o600);
  } catch (cause) {
    throw new C1zError(
      'SSTITCH_FILE_OPERATION',
      `cannot make ${databasePath}: ${messageOf(cause)}`,
      { path, cause },
    );
  }
}

function answer(task: ReaderTask, database: SyncDatabase, asked: BatchRequest): void {
  const { request } = asked;
  try {
    reply({ kind: 'batch', request, batch: database.batch(asked) });
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
    const database = await open(task);
    process.on('message', (asked: BatchRequest) => answer(task, database, asked));
  } catch (error) {
    reply({ kind: 'failed', request: OPEN_REQUEST, failure: failureOf(error, task.path) });
  }
});
