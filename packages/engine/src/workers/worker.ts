// The worker thread: runs one task after another and answers each.
import { parentPort, workerData } from 'node:worker_threads';
import { nodeFileSystem } from '@sstitch/sst';
import { abortedError } from '../errors.js';
import { type TaskFailure, toFailure } from './task-errors.js';
import { runTask, type TaskInput, type TaskName } from './tasks.js';
import { lowerThreadPriority } from './thread-priority.js';

export interface TaskRequest {
  readonly id: number;
  readonly name: TaskName;
  readonly input: TaskInput<TaskName>;
  /** One Int32: anything but 0 asks the task to stop. */
  readonly cancel: SharedArrayBuffer;
}

export type TaskResponse =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly failure: TaskFailure };

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
