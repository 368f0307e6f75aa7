// The worker thread: runs tasks one after another, and answers each request as its outputs come.
import { parentPort, workerData } from 'node:worker_threads';
import { nodeFileSystem } from '@sstitch/sst';
import { abortedError } from '../errors.js';
import { endSessionTask } from '../threads/session.js';
import { ItemCounter, RequestState } from '../threads/shared-state.js';
import { toFailure } from '../threads/task-errors.js';
import {
  READY,
  type TaskRequest,
  type TaskResponse,
  type ThreadData,
} from '../threads/thread-messages.js';
import { lowerThreadPriority } from '../threads/thread-priority.js';
import { taskRegistry } from './task-registry.js';

/** After so long a request lets others of the thread go on, and answers with what it has. */
const TURN_MS = 16;

const { lowPriority, waiting } = workerData as ThreadData;
const waitingRequests = new Int32Array(waiting);
const sessions = new Map<number, object>();
/** Requests that have had a turn and wait for the next, those of the background left out. */
let paused = 0;

if (lowPriority) lowerThreadPriority();

parentPort?.on('message', (request: TaskRequest) => {
  if (!request.background) Atomics.sub(waitingRequests, 0, 1);
  const counter = new ItemCounter(request.items.length, request.nextItem);
  takeTurn(request, new RequestState(request.state), counter);
});

parentPort?.postMessage(READY);

function takeTurn(request: TaskRequest, state: RequestState, counter: ItemCounter): void {
  // Else it was cancelled, and its sender waits for nothing.
  if (!state.begin()) return;
  const { id, background } = request;
  let isEnd: boolean;
  try {
    const outputs: Array<[number, unknown]> = [];
    isEnd = runItems(request, state, counter, outputs);
    answer({ id, outputs, isEnd });
  } catch (error) {
    counter.stop();
    answer({ id, failure: toFailure(error) });
    return;
  }
  if (isEnd) return;
  if (!state.pause()) {
    answer({ id, outputs: [], isEnd: true });
    return;
  }
  if (!background) paused++;
  // After the messages that have come meanwhile.
  setImmediate(() => {
    if (!background) paused--;
    takeTurn(request, state, counter);
  });
}

/** Runs items that no other thread takes, until none is left (true) or the turn has ended. */
function runItems(
  { name, items, session, background }: TaskRequest,
  state: RequestState,
  counter: ItemCounter,
  outputs: Array<[number, unknown]>,
): boolean {
  const task = taskRegistry.get(name);
  if (task === undefined) throw new Error(`the task ${name} is not registered`);
  const checkCancelled = () => {
    if (state.isCancelled) throw abortedError({});
  };
  const sessionState = sessionOf(session, name);
  const turnEnd = performance.now() + TURN_MS;
  for (;;) {
    const index = counter.take();
    if (index === undefined) return true;
    checkCancelled();
    const input = items[index] as never;
    outputs.push([index, task.run(nodeFileSystem, input, checkCancelled, sessionState)]);
    if (!counter.hasMore) return true;
    const othersWait = Atomics.load(waitingRequests, 0) + paused > 0;
    if (background ? othersWait : performance.now() > turnEnd) return false;
  }
}

function sessionOf(id: number | undefined, name: string): never {
  if (id === undefined) return undefined as never;
  const state = sessions.get(id) ?? {};
  if (name === endSessionTask.name) sessions.delete(id);
  else sessions.set(id, state);
  return state as never;
}

function answer(response: TaskResponse): void {
  parentPort?.postMessage(response);
}
