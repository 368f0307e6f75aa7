export interface AssertionResult {
  readonly ok: boolean;
  readonly name?: string;
  readonly error?: unknown;
}

/**
 * Runs the suite against the stores that `factory` makes, and returns the results of all its assertions, which are more
 * than 3,000: a test checks that too, because a harness that ran none must not pass.
 */
export function abstractLevelResults(
  factory: (options?: object) => unknown,
): Promise<AssertionResult[]>;
