// The totals of all families so far, including the running one.
import type { FamilyReport, TortureFailure } from '@sstitch/testkit/torture';

const SHOWN_FAILURES = 5;

interface Total {
  tried: number;
  readonly failures: TortureFailure[];
  skipped: string | undefined;
}

interface Run {
  readonly name: string;
  readonly startMs: number;
  tried: number;
  failures: readonly TortureFailure[];
}

export class Totals {
  readonly #done = new Map<string, Total>();
  #running: Run | undefined;

  constructor(names: readonly string[]) {
    for (const name of names) this.#done.set(name, { tried: 0, failures: [], skipped: undefined });
  }

  /** Begins the run of a family; returns its progress callback. */
  begin(name: string): (tried: number, failures: readonly TortureFailure[]) => void {
    this.#running = { name, tried: 0, failures: [], startMs: performance.now() };
    return (tried, failures) => this.#see(tried, failures);
  }

  /** Ends the run with its report. */
  end({ tried, failures, skipped }: FamilyReport): void {
    this.#see(tried, failures);
    this.#take(skipped);
  }

  /** One line about the running family; undefined between two runs. */
  progressLine(): string | undefined {
    if (this.#running === undefined) return undefined;
    const { name, tried, failures, startMs } = this.#running;
    const seconds = (performance.now() - startMs) / 1000;
    const rate = (tried / Math.max(seconds, 1)).toFixed(1);
    return `${name}: tried ${tried}, failed ${failures.length}, ${seconds.toFixed(0)} s, ${rate} a second`;
  }

  /** One line for each family, including the cases of the running one. */
  lines(): string[] {
    if (this.#running !== undefined) this.#take(undefined);
    return [...this.#done].map(([name, { tried, failures, skipped }]) => {
      const note = skipped === undefined ? '' : `  (${skipped})`;
      const survived = tried - failures.length;
      return `${name.padEnd(14)} tried ${tried}, survived ${survived}, failed ${failures.length}${note}`;
    });
  }

  get failed(): number {
    let failed = this.#running?.failures.length ?? 0;
    for (const { failures } of this.#done.values()) failed += failures.length;
    return failed;
  }

  /** Prints failures as they occur, because a run may take an hour. */
  #see(tried: number, failures: readonly TortureFailure[]): void {
    const running = this.#running;
    if (running === undefined) return;
    const shown = running.failures.length;
    for (const { replay, message } of failures.slice(shown, SHOWN_FAILURES)) {
      process.stderr.write(`  ${replay}\n  ${message}\n`);
    }
    Object.assign(running, { tried, failures: [...failures] });
  }

  #take(skipped: string | undefined): void {
    if (this.#running === undefined) return;
    const { name, tried, failures } = this.#running;
    this.#running = undefined;
    const total = this.#done.get(name);
    if (total === undefined) return;
    total.tried += tried;
    total.failures.push(...failures);
    total.skipped = skipped;
  }
}
