// Runs the built program as a process of its own.
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `sstitch`, without standard input unless the options say otherwise. */
export function startMain(commandLine: readonly string[], options: SpawnOptions = {}) {
  return spawn(process.execPath, [MAIN, ...commandLine], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
}

/** What a process prints and ends with. */
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

/** Settles when `look` finds something, however long that takes. */
export async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Opens a store in another process; settles when it is open, with what closes it. */
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
