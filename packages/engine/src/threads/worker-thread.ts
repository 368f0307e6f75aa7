// One worker thread, as its sender sees it.
import type { TransferListItem, Worker } from 'node:worker_threads';
import { EngineError } from '../errors.js';
import { heldFilesCount } from '../files/held-files.js';
import { type ItemCounter, RequestState } from './shared-state.js';
import { startWorker } from './start-worker.js';
import { fromFailure } from './task-errors.js';
import { READY, type TaskRequest, type TaskResponse, type ThreadData } from './thread-messages.js';

/**
 * Tasks make few objects and large buffers, and V8 frees a buffer when it collects its generation. With its
 * own default, of 48 MiB, dead buffers were kept until there were 64 MiB in a thread. With 4 a link of 1,000,000
 * grants took a fifth longer: it was collected five times.
 */
const YOUNG_GENERATION_MIB = 8;

export interface ThreadRequest
  extends Pick<TaskRequest, 'name' | 'items' | 'session' | 'background'> {
  readonly counter: ItemCounter;
  readonly transfer?: readonly TransferListItem[] | undefined;
  /** Must not throw. */
  onOutput(output: unknown, index: number): void;
}

export interface SentRequest {
  /**
   * Settles when the thread is done with the request, or is not at it when it is cancelled; after the last output
   * of it.
   */
  readonly ended: Promise<void>;
  cancel(): void;
}

interface PendingRequest {
  readonly request: ThreadRequest;
  readonly state: RequestState;
  resolve(): void;
  reject(error: unknown): void;
  answers: number;
  /** It was cancelled while the thread was not at it. */
  isDropped: boolean;
}

export class WorkerThread {
  readonly #worker: Worker;
  readonly #waiting = new Int32Array(new SharedArrayBuffer(4));
  readonly #pending = new Map<number, PendingRequest>();
  #nextId = 1;
  #ready = false;
  #ended = false;

  constructor(options: Pick<ThreadData, 'lowPriority'>) {
    const waiting = this.#waiting.buffer as SharedArrayBuffer;
    const workerData: ThreadData = { ...options, waiting, heldFiles: heldFilesCount() };
    this.#worker = startWorker({
      // Not the process's own arguments: some, such as --input-type, are refused for a file.
      execArgv: [],
      workerData,
      // What one thread writes another syncs and closes.
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    this.#worker.on('message', (response: TaskResponse | typeof READY) => {
      if (response === READY) this.#ready = true;
      else this.#receive(response);
    });
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('the worker thread ended')));
    // Last: adding a listener refs the thread's port again.
    this.#worker.unref();
  }

  /** It has loaded its code, which takes some 100 ms beside other threads. */
  get ready(): boolean {
    return this.#ready;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get load(): number {
    return this.#pending.size;
  }

  send(request: ThreadRequest): SentRequest {
    const id = this.#nextId++;
    const state = new RequestState();
    const ended = new Promise<void>((resolve, reject) => {
      // A thread that has ended would never answer.
      if (this.#ended) throw endedError();
      const { name, items, counter, session, background, transfer = [] } = request;
      const shared = { nextItem: counter.memory, state: state.memory };
      const message: TaskRequest = { id, name, items, session, background, ...shared };
      this.#worker.postMessage(message, transfer);
      if (!background) Atomics.add(this.#waiting, 0, 1);
      // A request keeps the process alive; an idle thread does not.
      if (this.#pending.size === 0) this.#worker.ref();
      const pending = { request, state, resolve, reject, answers: 0, isDropped: false };
      this.#pending.set(id, pending);
    });
    const cancel = () => {
      const pending = this.#pending.get(id);
      if (pending === undefined || !state.cancel()) return;
      pending.isDropped = true;
      if (pending.answers === state.answers) this.#settle(id)?.resolve();
    };
    return { ended, cancel };
  }

  #receive({ id, outputs, isEnd, failure }: TaskResponse): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { request, state } = pending;
    for (const [index, output] of outputs) request.onOutput(output, index);
    pending.answers++;
    if (!isEnd && !(pending.isDropped && pending.answers === state.answers)) return;
    this.#settle(id);
    const error = failure === undefined ? undefined : fromFailure(failure);
    // The sender knows that it has cancelled the request, and why.
    if (error === undefined || (state.isCancelled && error.name === 'AbortError')) {
      pending.resolve();
    } else {
      pending.reject(error);
    }
  }

  #settle(id: number): PendingRequest | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending !== undefined && this.#pending.size === 0) this.#worker.unref();
    return pending;
  }

  #failAll(cause: unknown): void {
    this.#ended = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(endedError(cause));
  }
}

function endedError(cause?: unknown): EngineError {
  return new EngineError('SSTITCH_FILE_OPERATION', 'a worker thread ended early', { cause });
}
