// What every torture family gives: how often it tried, and what did not survive.

/** One case that broke a promise, with what replays it. */
export interface TortureFailure {
  /** Seed, state or step: enough to try the very case again. */
  readonly replay: string;
  readonly message: string;
}

/** What every family takes. */
export interface FamilyOptions {
  readonly seed: number;
  /**
   * Called with the totals so far: at once for a failure, otherwise at most every two seconds. The
   * failures are one growing list.
   */
  readonly onProgress?: ((tried: number, failures: readonly TortureFailure[]) => void) | undefined;
}

export interface FamilyReport {
  readonly family: string;
  readonly tried: number;
  readonly survived: number;
  readonly failures: readonly TortureFailure[];
  /** Why nothing was tried, where nothing could be. */
  readonly skipped?: string;
}

/** A report with what came about, by name. */
export interface CountedReport extends FamilyReport {
  readonly counts: Readonly<Record<string, number>>;
}

const PROGRESS_PAUSE_MS = 2000;

/** Counts cases as they end. */
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

  /** Runs one case; an error it throws is a failure, not the end of the family. True if it survived. */
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

  /** Counts cases that were tried elsewhere. */
  add(tried: number): void {
    this.#tried += tried;
    if (performance.now() - this.#lastProgressMs >= PROGRESS_PAUSE_MS) this.#tell();
  }

  fail(replay: string, message: string): void {
    this.#failures.push({ replay, message });
    this.#tell();
  }

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

/** An error with its causes, for people. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${errorText(error.cause)}`;
}
