// Runs the built program as a process.
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/**
 * The environment of a process as users start it. pnpm runs the tests with a NODE_PATH, which would hide a
 * module that cannot be found; Node's compile cache would lie among the temporary directories that the tests
 * look for.
 */
export const USER_ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_PATH: '',
  NODE_DISABLE_COMPILE_CACHE: '1',
};

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts `sstitch`, by default without standard input.
 *
 * @param options `env` is added to {@link USER_ENVIRONMENT}
 */
export function startMain(commandLine: readonly string[], { env, ...options }: SpawnOptions = {}) {
  return spawn(process.execPath, [MAIN, ...commandLine], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...USER_ENVIRONMENT, ...env },
    ...options,
  });
}

/** Collects the output and the exit code of a process. */
export async function ended(child: ReturnType<typeof startMain>): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}

/** Polls `look` until it returns a value, however long that takes. */
export async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Opens a store in another process. Fulfils when it is open, with a function that closes it. */
export async function openElsewhere(store: string): Promise<() => Promise<void>> {
  const script = `
    const { Store } = await import(${JSON.stringify(import.meta.resolve('@sstitch/engine'))});
    const store = new Store(${JSON.stringify(store)});
    await store.open();
    console.log('open');
    process.stdin.on('end', () => store.close()).resume();`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const gone = once(owner, 'exit');
  await once(owner.stdout, 'data');
  return async () => {
    owner.stdin.end();
    await gone;
  };
}
