// Lists the files of a directory that this process has open.
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';

/** Returns paths as the system reports them, including removed files. Empty on systems other than Linux. */
export function openFilesIn(directory: string): string[] {
  if (process.platform !== 'linux') return [];
  const prefix = `${realpathSync(directory)}/`;
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(prefix) ? [path] : [];
    } catch {
      // The descriptor of the listing itself is gone.
      return [];
    }
  });
}
