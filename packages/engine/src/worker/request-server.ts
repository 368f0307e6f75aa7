// Serves requests in a worker thread. A request gets turns, in which its task runs for one item after another.
import type { MessagePort } from 'node:worker_threads';
import { nodeFileSystem } from '@sstitch/sst';
import { abortedError } from '../errors.js';
import { endSessionTask } from '../threads/session.js';
import { ItemCounter, RequestState } from '../threads/shared-state.js';
import { toFailure } from '../threads/task-errors.js';
import type { TaskRequest, TaskResponse, ThreadData } from '../threads/thread-messages.js';
import { taskRegistry } from './task-registry.js';

/** A turn ends after the item that exceeds this. Then the outputs are sent, and the thread's other requests go on. */
const TURN_MS = 16;

type Outputs = Array<readonly [index: number, output: unknown]>;

/** The requests of the thread. */
export class RequestServer {
  readonly #port: MessagePort;
  readonly #waiting: Int32Array;
  readonly #sessions = new Map<number, object>();
  /** The number of requests that wait for their next turn, except for background requests. */
  #paused = 0;

  constructor(port: MessagePort, { waiting }: ThreadData) {
    this.#port = port;
    this.#waiting = new Int32Array(waiting);
    port.on('message', (request: TaskRequest) => {
      if (!request.background) Atomics.sub(this.#waiting, 0, 1);
      const counter = new ItemCounter(request.items.length, request.nextItem);
      this.#takeTurn(request, new RequestState(request.state), counter);
    });
  }

  #takeTurn(request: TaskRequest, state: RequestState, counter: ItemCounter): void {
    // A request that was cancelled gets no answer.
    if (!state.begin()) return;
    const { id, background } = request;
    // Sent even if the turn fails, as outputs may hold files that have to be closed.
    const outputs: Outputs = [];
    try {
      const isEnd = this.#runItems(request, state, counter, outputs);
      this.#answer({ id, outputs, isEnd });
      if (isEnd) return;
    } catch (error) {
      counter.stop();
      this.#answer({ id, outputs, isEnd: true, failure: toFailure(error) });
      return;
    }
    if (!state.pause()) {
      this.#answer({ id, outputs: [], isEnd: true });
      return;
    }
    if (!background) this.#paused++;
    // Let messages that arrived meanwhile go first.
    setImmediate(() => {
      if (!background) this.#paused--;
      this.#takeTurn(request, state, counter);
    });
  }

  /** Runs items that no other thread takes. Returns true if none is left, or false if the turn has ended. */
  #runItems(
    { name, items, session, background }: TaskRequest,
    state: RequestState,
    counter: ItemCounter,
    outputs: Outputs,
  ): boolean {
    const task = taskRegistry.get(name);
    if (task === undefined) throw new Error(`the task ${name} is not registered`);
    const checkCancelled = () => {
      if (state.isCancelled) throw abortedError({});
    };
    const sessionState = this.#sessionOf(session, name) as never;
    const turnEnd = performance.now() + TURN_MS;
    for (;;) {
      const index = counter.take();
      if (index === undefined) return true;
      checkCancelled();
      const input = items[index] as never;
      outputs.push([index, task.run(nodeFileSystem, input, checkCancelled, sessionState)]);
      if (!counter.hasMore) return true;
      const mustPause = background ? this.#othersWait : performance.now() > turnEnd;
      if (mustPause) return false;
    }
  }

  get #othersWait(): boolean {
    return this.#paused > 0 || Atomics.load(this.#waiting, 0) > 0;
  }

  #sessionOf(id: number | undefined, name: string): object | undefined {
    if (id === undefined) return undefined;
    const state = this.#sessions.get(id) ?? {};
    if (name === endSessionTask.name) this.#sessions.delete(id);
    else this.#sessions.set(id, state);
    return state;
  }

  #answer(response: TaskResponse): void {
    this.#port.postMessage(response);
  }
}
