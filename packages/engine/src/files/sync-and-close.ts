import type { FileHandle } from '@sstitch/sst';

/** Syncs a file and closes it. Where both fail it throws what the sync did: that says what is not durable. */
export function syncAndClose(file: FileHandle): void {
  try {
    file.sync();
  } catch (error) {
    try {
      file.close();
    } catch {
      // It is closed all the same.
    }
    throw error;
  }
  file.close();
}
