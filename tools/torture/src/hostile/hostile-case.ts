// What a case of the hostile family is, and how it says that something was refused.
import type { SmallStore } from '../cases/small-store.js';

/** Where a case works. */
export interface HostilePlace {
  /** Empty at first, and removed after the case. */
  readonly directory: string;
  /** A directory with files that are none of the case's business. */
  readonly outside: string;
  readonly store: SmallStore;
  readonly seed: number;
}

/** One harmful thing. */
export interface HostileCase {
  readonly name: string;
  /** Throws where it does harm, or is not refused as it should be. */
  run(place: HostilePlace): Promise<void>;
}

/** Runs what must be refused; checks the error's class by its name, and its code. */
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
  // A store that does not open says why in the cause of Level's own error.
  const { cause } = thrown as { cause?: unknown };
  const error = (thrown as { code?: unknown }).code === 'LEVEL_DATABASE_NOT_OPEN' ? cause : thrown;
  if (!(error instanceof Error) || error.name !== name) throw thrown;
  if (!codes.test(String((error as { code?: unknown }).code))) throw thrown;
  if (!says.test(error.message)) throw thrown;
}
