// Puts off the syncs of files: the first sync of several new files carries the others' metadata.
import type { FileHandle, FileSystem } from '@sstitch/sst';

/** Open at a time. */
const MAX_UNSYNCED_FILES = 64;

/** Files that are written but not yet synced. */
export class UnsyncedFiles {
  #open: FileHandle[] = [];

  /** Creates a table file that is read-only once it is closed: hard links share its bytes (rule 4). */
  create(fileSystem: FileSystem, path: string): FileHandle {
    const file = fileSystem.open(path, 'create');
    this.#open.push(file);
    fileSystem.setMode(path, 0o444);
    return file;
  }

  /** Takes a file that is open already. */
  add(file: FileHandle): void {
    this.#open.push(file);
  }

  /** Syncs when too many are open. */
  bound(): void {
    if (this.#open.length >= MAX_UNSYNCED_FILES) this.syncAll();
  }

  syncAll(): void {
    for (const file of this.#open) file.sync();
    this.closeAll();
  }

  closeAll(): void {
    const files = this.#open;
    this.#open = [];
    const failures: unknown[] = [];
    for (const file of files) {
      try {
        file.close();
      } catch (error) {
        // The others are to be closed all the same.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
