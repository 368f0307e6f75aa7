// Runs file work: in worker threads by default, inline where a caller brings a file system of its
// own (tests record and break its operations, which cannot cross threads).
//
// Invariants:
// - threads are shared by all stores of the process and live as long as it does, idle ones without
//   replacedSpans it alive: Node 20 can abort when a thread ends while V8 still compiles its code;
// - a task of the urgent lane (what a commit's pause waits for) never queues behind bulk work;
// - a task that is cancelled settles at once if it has not begun, and then never does; else when it has ended.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type TransferListItem, Worker } from 'node:worker_threads';
import { type FileSystem, nodeFileSystem, type OpenFile } from '@sstitch/sst';
import { abortedError, EngineError } from '../errors.js';
import { closeHeldFiles, heldFilesCount } from '../files/held-files.js';
import { BULK_THREADS } from './in-lanes.js';
import { hasRest, sharedList } from './shared-list.js';
import {
  allWorkers,
  syncSharedFiles,
  syncSharedFilesTask,
  syncSharedNodeFiles,
} from './sync-files.js';
import type { Task } from './task.js';
import { fromFailure } from './task-errors.js';
import { cancelTask, newTaskState } from './task-state.js';
import { READY, type TaskRequest, type TaskResponse, type ThreadData } from './thread-messages.js';

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue 'bulk' */
  readonly lane?: 'bulk' | 'urgent';
  readonly transfer?: readonly TransferListItem[];
  /** The task ends early for others, and no other does for it. @defaultValue false */
  readonly background?: boolean;
}

/** What runs tasks, one after another. */
export interface TaskRunner {
  run<I, O>(task: Task<I, O>, input: I, options?: RunOptions): Promise<O>;
  /**
   * Syncs files that are held (held-files.ts) and closes them; ends when none is open, whether or not one
   * failed.
   *
   * @param busy while it lasts, the bulk threads are left to other work
   */
  syncFiles(
    files: readonly OpenFile[],
    signal: AbortSignal | undefined,
    busy?: Promise<unknown>,
  ): Promise<void>;
  /** Closes held files that nobody needs. */
  closeFiles(files: readonly OpenFile[]): void;
  /** A runner whose tasks all run in one place: what one builds up, the next can use. */
  session(): TaskRunner;
}

/** Runs tasks on the calling thread over the caller's file system. */
export class InlineRunner implements TaskRunner {
  readonly #fileSystem: FileSystem;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  async run<I, O>(task: Task<I, O>, input: I, options: RunOptions = {}): Promise<O> {
    const checkCancelled = () => {
      if (options.signal?.aborted) throw abortedError();
    };
    checkCancelled();
    return task.run(this.#fileSystem, input, checkCancelled, () => false);
  }

  async syncFiles(files: readonly OpenFile[], signal: AbortSignal | undefined): Promise<void> {
    syncSharedFiles(this.#fileSystem, sharedList(files), () => {
      if (signal?.aborted) throw abortedError();
    });
  }

  closeFiles(files: readonly OpenFile[]): void {
    closeHeldFiles(this.#fileSystem, files);
  }

  session(): TaskRunner {
    return this;
  }
}

/**
 * Tasks make few objects and large buffers, and V8 frees a buffer when it collects its generation. With its
 * own default, of 48 MiB, dead buffers were kept until there were 64 MiB in a thread. With 4 a link of 1,000,000
 * grants took a fifth longer: it was collected five times.
 */
const YOUNG_GENERATION_MIB = 8;

interface PendingTask {
  resolve(output: unknown): void;
  reject(error: Error): void;
}

class TaskThread {
  readonly #worker: Worker;
  readonly #waiting = new SharedArrayBuffer(4);
  readonly #pending = new Map<number, PendingTask>();
  #nextId = 1;
  #ready = false;
  #ended = false;

  constructor(lane: 'bulk' | 'urgent') {
    // Not the process's own arguments: some, such as --input-type, are refused for a file.
    const workerData: ThreadData = { lane, waiting: this.#waiting, heldFiles: heldFilesCount() };
    this.#worker = new Worker(workerFile(), {
      execArgv: [],
      workerData,
      // What one thread writes another syncs and closes.
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    this.#worker.on('message', (response: TaskResponse | typeof READY) => {
      if (response === READY) {
        this.#ready = true;
        return;
      }
      const pending = this.#pending.get(response.id);
      this.#settle(response.id);
      if ('failure' in response) pending?.reject(fromFailure(response.failure));
      else pending?.resolve(response.output);
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

  async run<I, O>(task: Task<I, O>, input: I, options: RunOptions): Promise<O> {
    if (options.signal?.aborted) throw abortedError();
    // A thread that has ended would never answer.
    if (this.#ended) throw endedError();
    const state = newTaskState();
    const id = this.#nextId++;
    const onAbort = () => {
      const pending = this.#pending.get(id);
      if (!cancelTask(state)) return;
      this.#settle(id);
      pending?.reject(abortedError());
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<O>((resolve, reject) => {
        // A task in hand keeps the process alive; an idle thread does not.
        if (this.#pending.size === 0) this.#worker.ref();
        this.#pending.set(id, {
          resolve: (output) => resolve(output as O),
          reject,
        });
        const { background = false, transfer = [] } = options;
        const request: TaskRequest = { id, name: task.name, input, state, background };
        this.#worker.postMessage(request, transfer);
        if (!background) Atomics.add(new Int32Array(this.#waiting), 0, 1);
      });
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  #settle(id: number): void {
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
  }

  #failAll(cause: unknown): void {
    this.#ended = true;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) {
      reject(endedError(cause));
    }
  }
}

function endedError(cause?: unknown): EngineError {
  return new EngineError('SSTITCH_FILE_OPERATION', 'a worker thread ended early', { cause });
}

/** The built worker: beside this module when installed, in dist/ when the sources run under a test. */
function workerFile(): string {
  const beside = fileURLToPath(new URL('./worker.js', import.meta.url));
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL('../../dist/worker.js', import.meta.url));
}

class ThreadPool {
  #bulk: TaskThread[] = [];
  #urgent: TaskThread | undefined;

  /** Starts threads ahead of the first commit, which would otherwise wait for them to start. */
  warm(): void {
    if (this.#urgent === undefined || this.#urgent.ended) this.#urgent = new TaskThread('urgent');
    this.#bulk = this.#bulk.filter((thread) => !thread.ended);
    while (this.#bulk.length < BULK_THREADS) this.#bulk.push(new TaskThread('bulk'));
  }

  thread(lane: 'bulk' | 'urgent'): TaskThread {
    this.warm();
    if (lane === 'urgent' && this.#urgent !== undefined) return this.#urgent;
    const ready = this.#bulk.filter((thread) => thread.ready);
    // What waits for a thread to start would hold up all that the others have done by then.
    const [first, ...others] = ready.length > 0 ? ready : this.#bulk;
    if (first === undefined) throw new Error('there is no bulk thread');
    return others.reduce((least, thread) => (thread.load < least.load ? thread : least), first);
  }
}

const pool = new ThreadPool();

/** Runs tasks in the process's shared worker threads. */
export class ThreadRunner implements TaskRunner {
  constructor() {
    pool.warm();
  }

  run<I, O>(task: Task<I, O>, input: I, options: RunOptions = {}): Promise<O> {
    return pool.thread(options.lane ?? 'bulk').run(task, input, options);
  }

  syncFiles(
    held: readonly OpenFile[],
    signal: AbortSignal | undefined,
    busy?: Promise<unknown>,
  ): Promise<void> {
    const files = sharedList(held);
    const byPool = () => syncSharedNodeFiles(files, signal);
    const byThread = async () => {
      await busy?.catch(() => undefined);
      if (hasRest(files)) await this.run(syncSharedFilesTask, files, { signal });
    };
    // As few hands as will do in Node's own pool: gets wait there too. None in the urgent thread, as large
    // tables take their time.
    const inPool = busy === undefined ? 1 : 2;
    const hands = [
      ...Array.from({ length: inPool }, () => byPool),
      ...Array.from({ length: BULK_THREADS }, () => byThread),
    ];
    return allWorkers(hands.slice(0, held.length).map((hand) => hand()));
  }

  closeFiles(files: readonly OpenFile[]): void {
    closeHeldFiles(nodeFileSystem, files);
  }

  session(): TaskRunner {
    const thread = pool.thread('bulk');
    return {
      run: (task, input, options = {}) => thread.run(task, input, options),
      syncFiles: (files, signal, busy) => this.syncFiles(files, signal, busy),
      closeFiles: (files) => this.closeFiles(files),
      session() {
        return this;
      },
    };
  }
}
