// The main program's end of a process that reads or writes a file.
//
// Invariants:
// - every request is settled: by its answer, by the process's end, or by the watchdog
// - the process keeps the main program alive only while a request is under way, or its end is
// - the process outlives a main program that is killed, and removes what that can no longer remove
import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { C1zError, type C1zErrorCode } from '../errors.js';
import type { C1zProgress } from '../options.js';
import { errorOf, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: C1zError) => void;
}

export interface WorkerOptions {
  /** 'reader' or 'writer', for the module and for messages. */
  readonly role: 'reader' | 'writer';
  /** The .c1z file, for messages. */
  readonly path: string;
  /** What the process removes if the main program ends without ending it. */
  readonly remove: readonly string[];
  /** An open file that the process gets as its own. */
  readonly fileDescriptor?: number;
  /** How long a request may take without a sign of life; without, as long as it wants. */
  readonly stallTimeoutMs?: number;
  readonly onProgress?: (progress: C1zProgress) => void;
}

const FAILED: Readonly<Record<WorkerOptions['role'], C1zErrorCode>> = {
  reader: 'SSTITCH_C1Z_READER_FAILED',
  writer: 'SSTITCH_C1Z_WRITER_FAILED',
};

/** How much JavaScript heap the process may take; SQLite, zstd and blocks have their memory outside it. */
const MAX_HEAP_MEBIBYTES = 256;
/** Records come and go: a small nursery keeps the process small. */
const NURSERY_MEBIBYTES = 4;

export class WorkerProcess {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #waiting = new Map<number, Waiting>();
  #lastRequest = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #end: C1zError | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { role, remove, fileDescriptor } = options;
    this.#process = fork(modulePath(role), [...remove], {
      serialization: 'advanced',
      // A loader or a debugger of the main program has nothing to do with the process.
      execArgv: [
        `--max-old-space-size=${MAX_HEAP_MEBIBYTES}`,
        `--max-semi-space-size=${NURSERY_MEBIBYTES}`,
      ],
      env: { ...process.env, NODE_OPTIONS: '' },
      // A session of its own: what a terminal sends to all that runs in it, Ctrl-C or its own end, is for
      // the main program alone. On Windows this would open a window.
      detached: process.platform !== 'win32',
      // A hostile file could make the process print anything: it prints nothing. FILE_DESCRIPTOR is the last.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', fileDescriptor ?? 'ignore'],
    });
    this.#process.on('message', (reply: WorkerReply) => this.#take(reply));
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
  }

  /**
   * Sends a request; settles with its answer.
   * @param Result what the process answers to such a request
   * @throws C1zError
   */
  ask<Result>(body: Serializable): Promise<Result> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#lastRequest += 1;
    const request: WorkerRequest = { request: this.#lastRequest, body };
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(request.request, {
        resolve: (result) => resolve(result as Result),
        reject,
      });
      this.#hold();
      this.#watch();
      // If it cannot be sent, the process has ended or failed, which settles the request.
      this.#process.send(request, () => {});
    });
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

  #take(reply: WorkerReply): void {
    // An answer that was under way when the end began, which waits for the process.
    if (this.#end !== undefined) return;
    if (reply.kind === 'progress') {
      this.#watch();
      this.#options.onProgress?.(reply.progress);
      return;
    }
    const waiting = this.#waiting.get(reply.request);
    this.#waiting.delete(reply.request);
    this.#watch();
    if (this.#waiting.size === 0) this.#release();
    if (reply.kind === 'failed') waiting?.reject(errorOf(reply.failure));
    else waiting?.resolve(reply.result);
  }

  /** The main program stays alive for the process. */
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
    const { role, path, stallTimeoutMs } = this.#options;
    if (stallTimeoutMs === undefined || this.#waiting.size === 0 || this.#end !== undefined) return;
    this.#watchdog = setTimeout(() => {
      void this.end(
        new C1zError(
          'SSTITCH_C1Z_STALLED',
          `the ${role} gave no sign of life for ${stallTimeoutMs} ms (option stallTimeoutMs)`,
          { path },
        ),
      );
    }, stallTimeoutMs);
  }

  #broken(how: string, cause?: unknown): C1zError {
    const { role, path } = this.#options;
    return new C1zError(FAILED[role], `the ${role} process ${how}`, { path, cause });
  }
}

/** A process runs JavaScript only: the tests, which run the sources, use what is built too. */
function modulePath(role: string): string {
  const directory = import.meta.url.endsWith('.ts') ? '../../dist/' : './';
  return fileURLToPath(new URL(`${directory}${role}.js`, import.meta.url));
}
