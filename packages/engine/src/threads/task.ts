// A task: a piece of synchronous file work with a name, by which a worker thread finds its function. This module
// knows no task, so that the pool does not import what runs in it.
import type { FileSystem } from '@sstitch/sst';

/**
 * Calls `checkCancelled` between steps, which throws once the caller has aborted.
 *
 * @param session what the tasks of one session share: an empty object at first. All of its properties are optional.
 */
export type TaskFunction<I, O, S = unknown> = (
  fileSystem: FileSystem,
  input: I,
  checkCancelled: () => void,
  session: S,
) => O;

/** One whose function takes a session runs in sessions of that kind only. */
export interface Task<I, O, S = unknown> {
  readonly name: string;
  readonly run: TaskFunction<I, O, S>;
}

/** A task of any input, output and session, as the registry holds it. */
export type AnyTask = Task<never, unknown, never>;

export function defineTask<I, O, S = unknown>(
  name: string,
  run: TaskFunction<I, O, S>,
): Task<I, O, S> {
  return { name, run };
}
