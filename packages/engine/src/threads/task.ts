// A task: a piece of synchronous file work with a name, by which a worker thread finds its function. This module
// knows no task, so that the pool does not import what runs in it.
import type { FileSystem } from '@sstitch/sst';

/**
 * Calls `checkCancelled` between steps, which throws once the caller has aborted; may end early when
 * `shouldYield` says that other work waits for the thread.
 */
export type TaskFunction<I, O> = (
  fileSystem: FileSystem,
  input: I,
  checkCancelled: () => void,
  shouldYield: () => boolean,
) => O;

export interface Task<I, O> {
  readonly name: string;
  readonly run: TaskFunction<I, O>;
}

/** A task of any input and output, as the registry holds it. */
export type AnyTask = Task<never, unknown>;

export function defineTask<I, O>(name: string, run: TaskFunction<I, O>): Task<I, O> {
  return { name, run };
}
