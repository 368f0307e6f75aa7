// The worker thread: runs one task after another and answers each.
import { parentPort, workerData } from 'node:worker_threads';
import { nodeFileSystem } from '@sstitch/sst';
import { abortedError } from '../errors.js';
import { shareHeldFilesCount } from '../files/held-files.js';
import { toFailure } from '../threads/task-errors.js';
import { beginTask, isCancelled } from '../threads/task-state.js';
import {
  READY,
  type TaskRequest,
  type TaskResponse,
  type ThreadData,
} from '../threads/thread-messages.js';
import { lowerThreadPriority } from '../threads/thread-priority.js';
import { taskRegistry } from './task-registry.js';

const { lane, waiting, heldFiles } = workerData as ThreadData;
shareHeldFilesCount(heldFiles);
const waitingRequests = new Int32Array(waiting);
const shouldYield = () => Atomics.load(waitingRequests, 0) > 0;

if (lane === 'bulk') lowerThreadPriority();

parentPort?.on('message', (request: TaskRequest) => {
  if (!request.background) Atomics.sub(waitingRequests, 0, 1);
  const { state } = request;
  // Its sender has settled it.
  if (!beginTask(state)) return;
  const checkCancelled = () => {
    if (isCancelled(state)) throw abortedError();
  };
  let response: TaskResponse;
  try {
    checkCancelled();
    const task = taskRegistry.get(request.name);
    if (task === undefined) throw new Error(`the task ${request.name} is not registered`);
    const output = task.run(nodeFileSystem, request.input as never, checkCancelled, shouldYield);
    response = { id: request.id, output };
  } catch (error) {
    response = { id: request.id, failure: toFailure(error) };
  }
  parentPort?.postMessage(response);
});

parentPort?.postMessage(READY);
