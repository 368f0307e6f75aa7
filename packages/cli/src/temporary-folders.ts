// Folders of this process's own outside any store: removed at the end of what they were made for, and by a
// second signal, which ends the process at once.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

const folders = new Set<string>();
/** A worker thread may put a file into a folder while it is being emptied. */
const MAX_ROUNDS = 100;

/** Makes an empty folder in `parent`; the caller removes it with `removeTemporaryFolder`. */
export async function makeTemporaryFolder(parent: string, prefix: string): Promise<string> {
  const folder = await mkdtemp(join(parent, prefix));
  folders.add(folder);
  return folder;
}

/** Removes a folder. Nothing may write to it any more. */
export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(folder);
}

/** Removes all that are there, as well as can be while threads still write to them. For a process that ends now. */
export function removeTemporaryFoldersNow(): void {
  for (const folder of folders) {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      try {
        rmSync(folder, { recursive: true, force: true });
        break;
      } catch {
        // A file has come meanwhile.
      }
    }
  }
}
