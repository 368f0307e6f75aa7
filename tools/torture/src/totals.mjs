// What all families have tried so far, the one that runs included.

const SHOWN_FAILURES = 5;

export class Totals {
  #done = new Map();
  #running;

  constructor(names) {
    for (const name of names) this.#done.set(name, { tried: 0, failures: [], skipped: undefined });
  }

  /** A run of a family begins; gives what it tells its progress to. */
  begin(name) {
    this.#running = { name, tried: 0, failures: [], startMs: performance.now() };
    return (tried, failures) => this.#see(tried, failures);
  }

  /** The run has ended with this report. */
  end({ tried, failures, skipped }) {
    this.#see(tried, failures);
    this.#take(skipped);
  }

  /** The run in progress, in one line; undefined between two. */
  progressLine() {
    if (this.#running === undefined) return undefined;
    const { name, tried, failures, startMs } = this.#running;
    const seconds = (performance.now() - startMs) / 1000;
    const rate = (tried / Math.max(seconds, 1)).toFixed(1);
    return `${name}: tried ${tried}, failed ${failures.length}, ${seconds.toFixed(0)} s, ${rate} a second`;
  }

  /** One line a family; what a run in progress has tried counts. */
  lines() {
    if (this.#running !== undefined) this.#take(undefined);
    return [...this.#done].map(([name, { tried, failures, skipped }]) => {
      const note = skipped === undefined ? '' : `  (${skipped})`;
      const survived = tried - failures.length;
      return `${name.padEnd(14)} tried ${tried}, survived ${survived}, failed ${failures.length}${note}`;
    });
  }

  get failed() {
    let failed = this.#running?.failures.length ?? 0;
    for (const { failures } of this.#done.values()) failed += failures.length;
    return failed;
  }

  /** Failures are shown as they come: a run may take an hour. */
  #see(tried, failures) {
    const shown = this.#running.failures.length;
    for (const { replay, message } of failures.slice(shown, SHOWN_FAILURES)) {
      process.stderr.write(`  ${replay}\n  ${message}\n`);
    }
    Object.assign(this.#running, { tried, failures: [...failures] });
  }

  #take(skipped) {
    const { name, tried, failures } = this.#running;
    this.#running = undefined;
    const total = this.#done.get(name);
    total.tried += tried;
    total.failures.push(...failures);
    total.skipped = skipped;
  }
}
