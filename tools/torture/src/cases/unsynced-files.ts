// Node's file system without its syncs: for families that look at what is in files, not at what survives a
// crash, and would wait for the disk most of their time.
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';

export const unsyncedFileSystem: FileSystem = {
  ...nodeFileSystem,
  open: (path, mode) => Object.assign(nodeFileSystem.open(path, mode), { sync: () => undefined }),
  fsyncDir: () => undefined,
};
