// A worker thread, seen from the main thread.
import type { TransferListItem, Worker } from 'node:worker_threads';
import { EngineError } from '../errors.js';
import { heldFilesCount } from '../files/held-files.js';
import { type ItemCounter, RequestState } from './shared-state.js';
import { startWorker } from './start-worker.js';
import { fromFailure } from './task-errors.js';
import { READY, type TaskRequest, type TaskResponse, type ThreadData } from './thread-messages.js';

/**
 * The size of V8's young generation in a worker thread. Tasks make few objects and large buffers, which V8 frees only
 * when it collects the generation. With V8's default of 48 MiB, a thread keeps up to 64 MiB of dead buffers; with 4 MiB,
 * a commit with tables of 1,000,000 grants takes a fifth longer.
 */
const YOUNG_GENERATION_MIB = 8;

/** A request to a thread. */
export interface ThreadRequest
  extends Pick<TaskRequest, 'name' | 'items' | 'session' | 'background'> {
  readonly counter: ItemCounter;
  readonly transfer?: readonly TransferListItem[] | undefined;
  /** Called with each output. It must not throw. */
  onOutput(output: unknown, index: number): void;
}

export interface SentRequest {
  /**
   * Settles after the request's last output, when the thread has ended the request or the request was cancelled while
   * the thread did not run it.
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
  /** Whether it was cancelled while the thread did not run it. */
  isDropped: boolean;
}

/** A worker thread and its pending requests. */
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
      // The process's own arguments are not passed: a worker refuses some, such as --input-type.
      execArgv: [],
      workerData,
      // One thread writes a file, and another fsyncs and closes it.
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    this.#worker.on('message', (response: TaskResponse | typeof READY) => {
      if (response === READY) this.#ready = true;
      else this.#receive(response);
    });
    this.#worker.on('error', (error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('the worker thread ended')));
    // This comes after the listeners, as adding one refs the thread's port.
    this.#worker.unref();
  }

  /** Whether the thread has loaded its code, which takes about 100 ms while other threads work. */
  get ready(): boolean {
    return this.#ready;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The number of pending requests. */
  get load(): number {
    return this.#pending.size;
  }

  /** Sends a request. */
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
      // A pending request keeps the process alive, but an idle thread does not.
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
    // The sender has cancelled the request and throws its own AbortError.
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
