// The directory of a run, created under --directory or the system's temporary directory and removed at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `work` in a new directory. @template T @param {(directory: string) => Promise<T>} work */
export async function inRunDirectory(work, under = tmpdir()) {
  const directory = mkdtempSync(join(under, 'sstitch-bench-'));
  // Retries, because a peer that was just killed may still be creating a file.
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  const ended = (signal) => {
    // Runs after the handler that kills the peers, which was registered first.
    process.once('exit', remove);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', ended);
  process.once('SIGTERM', ended);
  try {
    return await work(directory);
  } finally {
    process.off('SIGINT', ended);
    process.off('SIGTERM', ended);
    remove();
  }
}

/** Parses a flag's comma-separated integers. */
export function wholeNumbers(flag, text) {
  const numbers = text.split(',').map(Number);
  if (numbers.every((number) => Number.isSafeInteger(number) && number > 0)) return numbers;
  throw new Error(`--${flag} takes integers separated by commas, not ${text}`);
}
