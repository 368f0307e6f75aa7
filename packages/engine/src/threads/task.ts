// Tasks. A task is synchronous file work with a name, by which a worker thread finds its function. This module knows no
// task, so the pool does not import the code that it runs.
import type { FileSystem } from '@sstitch/sst';

/**
 * The function of a task. It calls `checkCancelled` between steps, which throws once the caller has aborted.
 *
 * @param session the object that the tasks of a session share, empty at first. All of its properties are optional
 */
export type TaskFunction<I, O, S = unknown> = (
  fileSystem: FileSystem,
  input: I,
  checkCancelled: () => void,
  session: S,
) => O;

/** A named function. A task whose function takes a session runs only in sessions of that type. */
export interface Task<I, O, S = unknown> {
  readonly name: string;
  readonly run: TaskFunction<I, O, S>;
}

/** A task with any input, output and session. */
export type AnyTask = Task<never, unknown, never>;

/** Defines a task. Its name must be unique, and worker/task-registry.ts must list it. */
export function defineTask<I, O, S = unknown>(
  name: string,
  run: TaskFunction<I, O, S>,
): Task<I, O, S> {
  return { name, run };
}
