// The main thread's end of the reader thread.
//
// Invariants:
// - every request is settled: by its answer, by the thread's end, or by the watchdog
// - the thread keeps the process alive only while a request is under way
import { Worker } from 'node:worker_threads';
import { C1zError } from './errors.js';
import type { C1zProgress } from './options.js';
import {
  type BatchRequest,
  errorOf,
  OPEN_REQUEST,
  type ReaderReply,
  type ReaderTask,
} from './reader-protocol.js';
import type { RowBatch, SyncRunRow } from './sync-tables.js';

export interface OpenedDatabase {
  readonly decodedBytes: number;
  readonly syncRuns: readonly SyncRunRow[];
}

interface Waiting {
  readonly resolve: (reply: ReaderReply) => void;
  readonly reject: (error: C1zError) => void;
}

// A thread runs JavaScript only: the tests, which run the sources, use the built reader too.
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? '../dist/reader-worker.js' : './reader-worker.js',
  import.meta.url,
);

/** How much JavaScript heap the thread may take; SQLite and zstd have their memory outside it. */
const MAX_HEAP_MEBIBYTES = 512;

export class ReaderThread {
  /** Settles once the file is decoded and checked. */
  readonly opened: Promise<OpenedDatabase>;
  readonly #worker: Worker;
  readonly #path: string;
  readonly #stallTimeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastRequest = OPEN_REQUEST;
  #watchdog: NodeJS.Timeout | undefined;
  #end: C1zError | undefined;

  constructor(task: ReaderTask, onProgress: (progress: C1zProgress) => void) {
    this.#path = task.path;
    this.#stallTimeoutMs = task.limits.stallTimeoutMs;
    this.#worker = new Worker(WORKER_URL, {
      workerData: task,
      // A loader or a debugger of the main program has nothing to do with this thread.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEBIBYTES },
    });
    this.#worker.on('message', (reply: ReaderReply) => {
      if (reply.kind === 'progress') {
        this.#watch();
        if (this.#end === undefined) onProgress(reply.progress);
      } else {
        this.#settle(reply);
      }
    });
    this.#worker.on('error', (cause) => {
      void this.end(
        new C1zError('SSTITCH_C1Z_CORRUPT', `the reader failed: ${cause.message}`, {
          path: this.#path,
          cause,
        }),
      );
    });
    this.#worker.on('exit', () => {
      void this.end(
        new C1zError('SSTITCH_C1Z_CLOSED', 'the reader has ended', { path: this.#path }),
      );
    });
    this.opened = this.#reply(OPEN_REQUEST).then((reply) => {
      if (reply.kind !== 'opened') throw new Error(`the reader answered ${reply.kind} to open`);
      return reply;
    });
  }

  async batch(request: Omit<BatchRequest, 'request'>): Promise<RowBatch> {
    if (this.#end !== undefined) throw this.#end;
    this.#lastRequest += 1;
    const numbered: BatchRequest = { ...request, request: this.#lastRequest };
    this.#worker.postMessage(numbered);
    const reply = await this.#reply(numbered.request);
    if (reply.kind !== 'batch') throw new Error(`the reader answered ${reply.kind} to batch`);
    return reply.batch;
  }

  /** Ends the thread, whatever it is at, and settles what is under way with `reason`. */
  async end(reason: C1zError): Promise<void> {
    this.#end ??= reason;
    clearTimeout(this.#watchdog);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    // Only once the thread is gone is nobody left to touch its files.
    await this.#worker.terminate();
    for (const { reject } of waiting) reject(this.#end);
  }

  #reply(request: number): Promise<ReaderReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      this.#worker.ref();
      this.#watch();
    });
  }

  #settle(reply: Exclude<ReaderReply, { kind: 'progress' }>): void {
    const request = reply.kind === 'opened' ? OPEN_REQUEST : reply.request;
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    this.#watch();
    if (this.#waiting.size === 0) this.#worker.unref();
    if (reply.kind === 'failed') waiting?.reject(errorOf(reply.failure));
    else waiting?.resolve(reply);
  }

  /** Starts the watchdog anew, or stops it if nothing is under way. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#waiting.size === 0 || this.#end !== undefined) return;
    this.#watchdog = setTimeout(() => {
      void this.end(
        new C1zError(
          'SSTITCH_C1Z_STALLED',
          `the reader gave no sign of life for ${this.#stallTimeoutMs} ms (option stallTimeoutMs)`,
          { path: this.#path },
        ),
      );
    }, this.#stallTimeoutMs);
  }
}
