// The worker thread: runs one task after another and answers each.
import { parentPort, workerData } from 'node:worker_threads';
import { nodeFileSystem } from '@sstitch/sst';
import { abortedError } from '../errors.js';
import { toFailure } from './task-errors.js';
import { runTask } from './tasks.js';
import { READY, type TaskRequest, type TaskResponse } from './thread-messages.js';
import { lowerThreadPriority } from './thread-priority.js';

if (workerData === 'bulk') lowerThreadPriority();

parentPort?.on('message', (request: TaskRequest) => {
  const flag = new Int32Array(request.cancel);
  const checkCancelled = () => {
    if (Atomics.load(flag, 0) !== 0) throw abortedError();
  };
  let response: TaskResponse;
  try {
    checkCancelled();
    const output = runTask(nodeFileSystem, request.name, request.input as never, checkCancelled);
    response = { id: request.id, output };
  } catch (error) {
    response = { id: request.id, failure: toFailure(error) };
  }
  parentPort?.postMessage(response);
});

parentPort?.postMessage(READY);
