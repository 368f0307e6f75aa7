import type { FileHandle } from '@sstitch/sst';

/** Fsyncs and closes a file. If both fail, throws the error of the fsync, which poisons a store. */
export function fsyncAndClose(file: FileHandle): void {
  try {
    file.sync();
  } catch (error) {
    try {
      file.close();
    } catch {
      // The descriptor is closed even so.
    }
    throw error;
  }
  file.close();
}
