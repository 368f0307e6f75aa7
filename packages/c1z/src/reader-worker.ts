// The reader thread: decodes a .c1z file and answers for its rows. Decoding and SQLite both hold the
// thread they run on, for seconds on a large file, and a hostile file may do so for longer: here they
// hold up nobody, and can be ended from outside.
import { closeSync, openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeStream } from './decode-stream.js';
import { C1zError, messageOf } from './errors.js';
import {
  type BatchRequest,
  failureOf,
  OPEN_REQUEST,
  type ReaderReply,
  type ReaderTask,
} from './reader-protocol.js';
import { SyncDatabase } from './sync-database.js';

if (parentPort === null) throw new Error('reader-worker runs in a worker thread only');
const port = parentPort;
const task = workerData as ReaderTask;

function reply(message: ReaderReply): void {
  port.postMessage(message);
}

async function open(): Promise<SyncDatabase> {
  const { path, fileDescriptor, fileBytes, payloadOffset, databasePath, limits } = task;
  const source = { path, fileDescriptor, fileBytes, offset: payloadOffset };
  let decodedBytes = 0;
  const target = createFile(databasePath, path);
  try {
    decodedBytes = await decodeStream(source, target, limits, (progress) => {
      reply({ kind: 'progress', progress });
    });
  } finally {
    closeSync(target);
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

function answer(
  database: SyncDatabase,
  { request, table, syncId, afterRowId }: BatchRequest,
): void {
  try {
    reply({ kind: 'batch', request, batch: database.batch(table, syncId, afterRowId) });
  } catch (error) {
    reply({ kind: 'failed', request, failure: failureOf(error, task.path) });
  }
}

try {
  const database = await open();
  port.on('message', (request: BatchRequest) => answer(database, request));
} catch (error) {
  reply({ kind: 'failed', request: OPEN_REQUEST, failure: failureOf(error, task.path) });
}
