// Other processes, for tests of locks and of concurrent reads. They run the built package.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Starts test/children/<name>.mjs, which is killed when the test ends. */
export function startChild(name: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));
  const child = fork(path, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** Returns the next message of a child. Rejects if the child ends before. */
export async function messageOf<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the child ended with ${code} and said nothing`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message as T;
}

/** Kills a child, like a crash, and waits for its end. */
export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Returns the outcome of an open in another process: "open", or the error's code. */
export async function openedElsewhere(path: string): Promise<string> {
  const child = startChild('open-store', path);
  const outcome = await messageOf<string>(child);
  await kill(child);
  return outcome;
}
