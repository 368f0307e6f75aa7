// Node's file system without its syncs: for tortures that look at what is in files, not at what survives a
// crash, and would wait for the disk most of their time.
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';

export const unsyncedFileSystem: FileSystem = {
  ...nodeFileSystem,
  open(path, mode) {
    const file = nodeFileSystem.open(path, mode);
    return {
      read: (target, position) => file.read(target, position),
      write: (bytes) => file.write(bytes),
      sync: () => undefined,
      sizeBytes: () => file.sizeBytes(),
      close: () => file.close(),
    };
  },
  fsyncDir: () => undefined,
};
