// The directory of one run: made under --directory or the system's temporary directory, removed in the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `work` in a new directory. @template T @param {(directory: string) => Promise<T>} work */
export async function inRunDirectory(work, under = tmpdir()) {
  const directory = mkdtempSync(join(under, 'sstitch-bench-'));
  // Retried: a peer just killed may still be making a file.
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
  const ended = (signal) => {
    // After what kills the peers, which was registered first.
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

/** A flag's comma-separated whole numbers. */
export function wholeNumbers(flag, text) {
  const numbers = text.split(',').map(Number);
  if (numbers.every((number) => Number.isSafeInteger(number) && number > 0)) return numbers;
  throw new Error(`--${flag} takes whole numbers, by commas: ${text}`);
}
