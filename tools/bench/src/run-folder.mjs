// The folder of one run: made under --folder or the system's temporary folder, removed in the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs `work` in a new folder. @template T @param {(folder: string) => Promise<T>} work */
export async function inRunFolder(work, under = tmpdir()) {
  const folder = mkdtempSync(join(under, 'sstitch-bench-'));
  // Retried: a peer just killed may still be making a file.
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  const ended = (signal) => {
    // After what kills the peers, which was registered first.
    process.once('exit', remove);
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', ended);
  process.once('SIGTERM', ended);
  try {
    return await work(folder);
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
