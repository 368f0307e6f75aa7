// The main program's end of the channel to a process that reads or writes a file.
//
// Invariants:
// - every request is settled: by its reply, by the end of the process, or by the watchdog
// - the process keeps the main program alive only while a request or its end is pending
// - the process outlives a killed main program, and removes the files that it left
import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { C1zError, type C1zErrorCode, messageOf } from '../errors.js';
import { errorOf, type WorkerReply, type WorkerRequest } from './worker-protocol.js';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: C1zError) => void;
}

export interface WorkerOptions<Progress> {
  /** The role, which selects the module and appears in messages. */
  readonly role: 'reader' | 'writer';
  /** The path of the .c1z file, for messages. */
  readonly path: string;
  /** The paths that the process removes if the main program ends without ending it. */
  readonly remove: readonly string[];
  /** An open file that the process inherits. */
  readonly fileDescriptor?: number;
  /** How long a request may take without a response. @defaultValue no limit */
  readonly stallTimeoutMs?: number;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const FAILED: Readonly<Record<WorkerOptions<never>['role'], C1zErrorCode>> = {
  reader: 'SSTITCH_C1Z_READER_FAILED',
  writer: 'SSTITCH_C1Z_WRITER_FAILED',
};

/** The limit of the process's JavaScript heap; SQLite, zstd and blocks use memory outside it. */
const MAX_HEAP_MEBIBYTES = 256;
/** The size of the young generation: records are short-lived, and a small one keeps the process small. */
const NURSERY_MEBIBYTES = 4;

/**
 * The watchdog waits in parts. While the main program blocks its own thread and reads no replies, at most one of these
 * parts ends.
 */
const WATCHDOG_PARTS = 8;

/** @param Progress what the process reports */
export class WorkerProcess<Progress> {
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #options: WorkerOptions<Progress>;
  readonly #waiting = new Map<number, Waiting>();
  #lastRequest = 0;
  #watchdog: NodeJS.Timeout | undefined;
  #end: C1zError | undefined;

  constructor(options: WorkerOptions<Progress>) {
    this.#options = options;
    const { role, remove, fileDescriptor } = options;
    try {
      this.#process = fork(modulePath(role), [...remove], {
        serialization: 'advanced',
        // The process does not inherit loaders or debuggers of the main program.
        execArgv: [
          `--max-old-space-size=${MAX_HEAP_MEBIBYTES}`,
          `--max-semi-space-size=${NURSERY_MEBIBYTES}`,
        ],
        env: { ...process.env, NODE_OPTIONS: '' },
        // A session of its own, so that signals from a terminal (Ctrl-C, hangup) reach only the main program. On
        // Windows this would open a window.
        detached: process.platform !== 'win32',
        // The process has no output, because a hostile file could make it print anything. FILE_DESCRIPTOR is the
        // last entry.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc', fileDescriptor ?? 'ignore'],
      });
    } catch (cause) {
      throw this.#broken(`failed: ${messageOf(cause)}`, cause);
    }
    this.#process.on('message', (reply: WorkerReply) => this.#take(reply));
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        resolve();
        void this.end(this.#broken(`ended with ${signal ?? `code ${code}`}`));
      });
      this.#process.on('error', (cause) => {
        // The process was not started, so there is no exit event.
        if (!this.#isStarted) resolve();
        void this.end(this.#broken(`failed: ${cause.message}`, cause));
      });
    });
  }

  /**
   * Sends a request; settles with its reply.
   * @param Result the type of the reply
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
      if (this.#isStarted) this.#process.send(request, () => {});
    });
  }

  /** Ends the process, whatever it is doing, and rejects pending requests with `reason`. */
  async end(reason: C1zError): Promise<void> {
    this.#end ??= reason;
    clearTimeout(this.#watchdog);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#hold();
    // A process that was not started has the id 0 or a random one; signals to 0 go to the caller's process group.
    if (this.#isStarted) this.#process.kill('SIGKILL');
    // Waits until the process has ended and can no longer touch its files.
    await this.#exited;
    for (const { reject } of waiting) reject(this.#end);
  }

  /** Whether there is a process. If not, `error` is emitted in the next turn. */
  get #isStarted(): boolean {
    return this.#process.pid !== undefined;
  }

  #take(reply: WorkerReply): void {
    // A reply that was pending when the end began, which waits for the process.
    if (this.#end !== undefined) return;
    if (reply.kind === 'progress') {
      this.#watch();
      this.#options.onProgress?.(reply.progress as Progress);
      return;
    }
    const waiting = this.#waiting.get(reply.request);
    this.#waiting.delete(reply.request);
    this.#watch();
    if (this.#waiting.size === 0) this.#release();
    if (reply.kind === 'failed') waiting?.reject(errorOf(reply.failure));
    else waiting?.resolve(reply.result);
  }

  /** Keeps the main program alive for the process. */
  #hold(): void {
    this.#process.ref();
    this.#process.channel?.ref();
  }

  #release(): void {
    this.#process.unref();
    this.#process.channel?.unref();
  }

  /** Restarts the watchdog, or stops it if no request is pending. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    const { role, path, stallTimeoutMs } = this.#options;
    if (stallTimeoutMs === undefined || this.#waiting.size === 0 || this.#end !== undefined) return;
    const wait = (parts: number) => {
      this.#watchdog = setTimeout(() => {
        if (parts > 1) {
          wait(parts - 1);
          return;
        }
        void this.end(
          new C1zError(
            'SSTITCH_C1Z_STALLED',
            `the ${role} did not respond for ${stallTimeoutMs} ms (option stallTimeoutMs)`,
            { path },
          ),
        );
      }, stallTimeoutMs / WATCHDOG_PARTS);
    };
    wait(WATCHDOG_PARTS);
  }

  #broken(how: string, cause?: unknown): C1zError {
    const { role, path } = this.#options;
    return new C1zError(FAILED[role], `the ${role} process ${how}`, { path, cause });
  }
}

/**
 * The path of the built module: a process runs only JavaScript, even if the main program runs the sources or is a
 * bundle.
 */
function modulePath(role: string): string {
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve('@sstitch/c1z/package.json')), 'dist', `${role}.js`);
}
