// The files of a directory that this process has open.
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';

/** Paths as the system names them, those of removed files too. Empty where the system does not tell. */
export function openFilesIn(directory: string): string[] {
  if (process.platform !== 'linux') return [];
  const prefix = `${realpathSync(directory)}/`;
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(prefix) ? [path] : [];
    } catch {
      // The listing itself.
      return [];
    }
  });
}
