// One line on standard error that says how far a command has come; on a terminal alone.
import type { Io } from './io.js';

/** More often than this nobody can read it. */
const INTERVAL_MS = 100;
const CLEAR_LINE = '\r\u001b[2K';

/** A line that is written over itself. */
export class ProgressLine {
  readonly #io: Io;
  readonly #isShown: boolean;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isDirty = false;

  constructor(io: Io) {
    this.#io = io;
    this.#isShown = io.stderr.isTerminal && io.env.TERM !== 'dumb';
  }

  /** Shows a line, if it is time for one. The text is made only then. */
  update(text: () => string): void {
    if (!this.#isShown) return;
    const nowMs = performance.now();
    if (nowMs - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = nowMs;
    this.#isDirty = true;
    // Not waited for: a slow terminal must not slow the work.
    void this.#io.stderr.write(`${CLEAR_LINE}${text().slice(0, this.#io.stderr.columns - 1)}`);
  }

  /** Removes the line. To be called before anything else is written. */
  async clear(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    await this.#io.stderr.write(CLEAR_LINE);
  }
}
