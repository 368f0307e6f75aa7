// The report of a torture family: how many cases it tried, and which failed.

/** A case that broke a guarantee, with the data to replay it. */
export interface TortureFailure {
  /** Seed, state or step: enough to run the same case again. */
  readonly replay: string;
  /** What was expected and what was found, or the error's text. */
  readonly message: string;
}

/** The options of every family. */
export interface FamilyOptions {
  /** Decides every choice of the family: the same seed replays the same cases. */
  readonly seed: number;
  /**
   * Called with the totals so far, at once after a failure, otherwise at most every two seconds. `failures` is
   * the same growing list in every call.
   */
  readonly onProgress?: ((tried: number, failures: readonly TortureFailure[]) => void) | undefined;
}

/** The result of a torture family. */
export interface FamilyReport {
  /** The name of the family. */
  readonly family: string;
  /** The number of cases that ran. */
  readonly tried: number;
  /** The number of cases without a failure. */
  readonly survived: number;
  /** The failed cases. */
  readonly failures: readonly TortureFailure[];
  /** Why the family was skipped, if it was. */
  readonly skipped?: string;
}

/** A report with named counts of outcomes. */
export interface CountedReport extends FamilyReport {
  /** How often each outcome occurred, by the outcome's name. */
  readonly counts: Readonly<Record<string, number>>;
}

const PROGRESS_PAUSE_MS = 2000;

/** Counts finished cases and failures. */
export class FamilyTally {
  readonly #family: string;
  readonly #onProgress: FamilyOptions['onProgress'];
  readonly #failures: TortureFailure[] = [];
  #tried = 0;
  #lastProgressMs = performance.now();

  constructor(family: string, { onProgress }: Pick<FamilyOptions, 'onProgress'>) {
    this.#family = family;
    this.#onProgress = onProgress;
  }

  /** Runs one case; an error that it throws is a failure and does not end the family. Returns whether it passed. */
  async try(replay: string, run: () => Promise<void>): Promise<boolean> {
    this.add(1);
    try {
      await run();
      return true;
    } catch (error) {
      this.fail(replay, errorText(error));
      return false;
    }
  }

  /** Counts cases that ran elsewhere. */
  add(tried: number): void {
    this.#tried += tried;
    if (performance.now() - this.#lastProgressMs >= PROGRESS_PAUSE_MS) this.#tell();
  }

  /** Records a failed case. The case itself is counted by `add`. */
  fail(replay: string, message: string): void {
    this.#failures.push({ replay, message });
    this.#tell();
  }

  /** Returns the totals so far. */
  report(): FamilyReport {
    return {
      family: this.#family,
      tried: this.#tried,
      survived: this.#tried - this.#failures.length,
      failures: this.#failures,
    };
  }

  #tell(): void {
    this.#lastProgressMs = performance.now();
    this.#onProgress?.(this.#tried, this.#failures);
  }
}

/** Formats an error with its causes for people. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${errorText(error.cause)}`;
}
