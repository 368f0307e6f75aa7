// The main program's end of the reader process.
//
// Invariants:
// - every request is settled: by its answer, by the process's end, or by the watchdog
// - the reader keeps the main program alive only while a request is under way, or its end is
// - the reader outlives a main program that is killed, and removes what that can no longer remove
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { C1zError } from '../errors.js';
import type { C1zProgress } from '../options.js';
import type { RecordPage } from '../record-pages.js';
import type { PageAsked } from '../sync-contents.js';
import {
  errorOf,
  OPEN_REQUEST,
  type PageRequest,
  type ReaderReply,
  type ReaderTask,
} from './reader-protocol.js';

export interface OpenedContents {
  readonly decodedBytes: number;
  readonly engine: string;
  readonly syncRuns: RecordPage;
}

interface Waiting {
  readonly resolve: (reply: ReaderReply) => void;
  readonly reject: (error: C1zError) => void;
}

// A process runs JavaScript only: the tests, which run the sources, use the built reader too.
const READER_PATH = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/reader.js' : './reader.js',
    import.meta.url,
  ),
);

/** How much JavaScript heap the reader may take; SQLite, zstd and blocks have their memory outside it. */
const MAX_HEAP_MEBIBYTES = 256;
/** Records come and go: a small nursery keeps the reader small. */
const NURSERY_MEBIBYTES = 4;

export class ReaderProcess {
  /** Settles once the file is decoded and checked. */
  readonly opened: Promise<OpenedContents>;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #path: string;
  readonly #stallTimeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastRequest = OPEN_REQUEST;
  #watchdog: NodeJS.Timeout | undefined;
  #end: C1zError | undefined;

  /** @param fileDescriptor the open .c1z file, which the reader gets as its own */
  constructor(
    task: ReaderTask,
    fileDescriptor: number,
    onProgress: (progress: C1zProgress) => void,
  ) {
    this.#path = task.path;
    this.#stallTimeoutMs = task.limits.stallTimeoutMs;
    this.#process = fork(READER_PATH, [task.folder], {
      serialization: 'advanced',
      // A loader or a debugger of the main program has nothing to do with the reader.
      execArgv: [
        `--max-old-space-size=${MAX_HEAP_MEBIBYTES}`,
        `--max-semi-space-size=${NURSERY_MEBIBYTES}`,
      ],
      env: { ...process.env, NODE_OPTIONS: '' },
      // A session of its own: what a terminal sends to all that runs in it, Ctrl-C or its own end, is for
      // the main program alone. On Windows this would open a window.
      detached: process.platform !== 'win32',
      // What a hostile file makes the reader print is nobody's business. FILE_DESCRIPTOR is the last.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', fileDescriptor],
    });
    this.#process.on('message', (reply: ReaderReply) => {
      if (reply.kind === 'progress') {
        this.#watch();
        if (this.#end === undefined) onProgress(reply.progress);
      } else {
        this.#settle(reply);
      }
    });
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        resolve();
        void this.end(this.#broken(`ended with ${signal ?? `code ${code}`}`));
      });
      this.#process.on('error', (cause) => {
        // Not started: there will be no exit.
        if (this.#process.pid === undefined) resolve();
        void this.end(this.#broken(`failed: ${cause.message}`, cause));
      });
    });
    this.opened = this.#ask(OPEN_REQUEST, task).then((reply) => {
      if (reply.kind !== 'opened') throw new Error(`the reader answered ${reply.kind} to open`);
      return reply;
    });
  }

  async page(asked: PageAsked): Promise<RecordPage> {
    if (this.#end !== undefined) throw this.#end;
    this.#lastRequest += 1;
    const numbered: PageRequest = { ...asked, request: this.#lastRequest };
    const reply = await this.#ask(numbered.request, numbered);
    if (reply.kind !== 'page') throw new Error(`the reader answered ${reply.kind} to page`);
    return reply.page;
  }

  /** Ends the process, whatever it is at, and settles what is under way with `reason`. */
  async end(reason: C1zError): Promise<void> {
    this.#end ??= reason;
    clearTimeout(this.#watchdog);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#hold();
    this.#process.kill('SIGKILL');
    // Only once the process is gone is nobody left to touch its files.
    await this.#exited;
    for (const { reject } of waiting) reject(this.#end);
  }

  #ask(request: number, message: ReaderTask | PageRequest): Promise<ReaderReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      this.#hold();
      this.#watch();
      // If it cannot be sent, the process has ended or failed, which settles the request.
      this.#process.send(message, () => {});
    });
  }

  #settle(reply: Exclude<ReaderReply, { kind: 'progress' }>): void {
    // An answer that was under way when the end began, which waits for the process.
    if (this.#end !== undefined) return;
    const request = reply.kind === 'opened' ? OPEN_REQUEST : reply.request;
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    this.#watch();
    if (this.#waiting.size === 0) this.#release();
    if (reply.kind === 'failed') waiting?.reject(errorOf(reply.failure));
    else waiting?.resolve(reply);
  }

  /** The main program stays alive for the reader. */
  #hold(): void {
    this.#process.ref();
    this.#process.channel?.ref();
  }

  #release(): void {
    this.#process.unref();
    this.#process.channel?.unref();
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

  #broken(how: string, cause?: unknown): C1zError {
    return new C1zError('SSTITCH_C1Z_READER_FAILED', `the reader process ${how}`, {
      path: this.#path,
      cause,
    });
  }
}
