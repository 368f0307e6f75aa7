// What every torture family gives: how often it tried, and what did not survive.

/** One case that broke a promise, with what replays it. */
export interface TortureFailure {
  /** Seed, state or step: enough to try the very case again. */
  readonly replay: string;
  readonly message: string;
}

export interface FamilyReport {
  readonly family: string;
  readonly tried: number;
  readonly survived: number;
  readonly failures: readonly TortureFailure[];
  /** Why nothing was tried, where nothing could be. */
  readonly skipped?: string;
}

/** Counts cases as they end. */
export class FamilyTally {
  readonly #family: string;
  readonly #failures: TortureFailure[] = [];
  #tried = 0;

  constructor(family: string) {
    this.#family = family;
  }

  /** Runs one case; an error it throws is a failure, not the end of the family. */
  async try(replay: string, run: () => Promise<void>): Promise<void> {
    this.#tried++;
    try {
      await run();
    } catch (error) {
      this.fail(replay, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  /** Counts cases that were tried elsewhere. */
  add(tried: number): void {
    this.#tried += tried;
  }

  fail(replay: string, message: string): void {
    this.#failures.push({ replay, message });
  }

  report(): FamilyReport {
    return {
      family: this.#family,
      tried: this.#tried,
      survived: this.#tried - this.#failures.length,
      failures: this.#failures,
    };
  }
}
