// A case of the hostile family, and the check that something was refused.
import type { SmallStore } from '../cases/small-store.js';

/** The directories of a case. */
export interface HostilePlace {
  /** The working directory, empty at first and removed after the case. */
  readonly directory: string;
  /** A directory with files that the case must not touch. */
  readonly outside: string;
  readonly store: SmallStore;
  readonly seed: number;
}

/** A case with one hostile input. */
export interface HostileCase {
  readonly name: string;
  /** Throws if the input does harm or is not refused as it should be. */
  run(place: HostilePlace): Promise<void>;
}

/** Runs a call that must be refused; checks the name of the error's class and its code. */
export async function refused(
  work: () => unknown,
  name: string,
  codes: RegExp,
  says = /./,
): Promise<void> {
  let thrown: unknown;
  try {
    await work();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) throw new Error('it was not refused');
  // The reason why a store does not open is the cause of Level's own error.
  const { cause } = thrown as { cause?: unknown };
  const error = (thrown as { code?: unknown }).code === 'LEVEL_DATABASE_NOT_OPEN' ? cause : thrown;
  if (!(error instanceof Error) || error.name !== name) throw thrown;
  if (!codes.test(String((error as { code?: unknown }).code))) throw thrown;
  if (!says.test(error.message)) throw thrown;
}
