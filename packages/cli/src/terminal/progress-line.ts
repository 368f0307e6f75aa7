// One line on standard error that shows the progress of a command; only on a terminal.
import { escapeText } from './escape.js';
import type { Io } from './io.js';
import { type Progress, progressText } from './progress-text.js';

/** The least time between two updates of the line. */
const INTERVAL_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** A line that each update overwrites. */
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

  /** Ignores all further updates. */
  hide(): void {
    this.#isShown = false;
  }

  /** Whether updates are shown at all. Callers ask this first if a total is expensive to find. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Whether an update would be shown. Callers ask this first if the progress is expensive to compute. */
  get isDue(): boolean {
    return this.#isShown && performance.now() - this.#lastMs >= INTERVAL_MS;
  }

  /**
   * Shows the progress, unless the last update was too recent. A new step is shown at once: it may be long, and report
   * nothing else.
   */
  update(progress: Progress): void {
    if (!this.#isShown) return;
    const nowMs = performance.now();
    const { doing, done = 0 } = progress;
    if (doing !== this.#doing) {
      this.#doing = doing;
      this.#startedMs = nowMs;
      this.#startedAt = done;
    } else if (nowMs - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = nowMs;
    this.#isDirty = true;
    const pace = { elapsedMs: nowMs - this.#startedMs, advanced: done - this.#startedAt };
    const text = escapeText(progressText(progress, pace, this.#io.stderr.columns - 1));
    // Not awaited: a slow terminal must not slow down the work.
    void this.#io.stderr.write(`${CLEAR_LINE}${text}`);
  }

  /** Erases the line. Must be called before anything else is written. */
  async clear(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    await this.#io.stderr.write(CLEAR_LINE);
  }
}
