// One line on standard error that says how far a command has come; on a terminal alone.
import { escapeText } from './escape.js';
import type { Io } from './io.js';
import { type Progress, progressText } from './progress-text.js';

/** More often than this nobody can read it. */
const INTERVAL_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** A line that is written over itself. */
export class ProgressLine {
  readonly #io: Io;
  #isShown: boolean;
  #doing: string | undefined;
  #startedMs = 0;
  #startedAt = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isDirty = false;

  constructor(io: Io) {
    this.#io = io;
    this.#isShown = io.stderr.isTerminal && io.env.TERM !== 'dumb';
  }

  /** Shows nothing from here on. */
  hide(): void {
    this.#isShown = false;
  }

  /** Whether an update would be shown: to be asked where it costs something to know how far the work is. */
  get isDue(): boolean {
    return this.#isShown && performance.now() - this.#lastMs >= INTERVAL_MS;
  }

  /** Shows how far the work is, if it is time to. */
  update(progress: Progress): void {
    if (!this.#isShown) return;
    const nowMs = performance.now();
    const { doing, done = 0 } = progress;
    if (doing !== this.#doing) {
      this.#doing = doing;
      this.#startedMs = nowMs;
      this.#startedAt = done;
    }
    if (nowMs - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = nowMs;
    this.#isDirty = true;
    const pace = { elapsedMs: nowMs - this.#startedMs, advanced: done - this.#startedAt };
    const text = escapeText(progressText(progress, pace, this.#io.stderr.columns - 1));
    // Not waited for: a slow terminal must not slow the work.
    void this.#io.stderr.write(`${CLEAR_LINE}${text}`);
  }

  /** Removes the line. To be called before anything else is written. */
  async clear(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    await this.#io.stderr.write(CLEAR_LINE);
  }
}
