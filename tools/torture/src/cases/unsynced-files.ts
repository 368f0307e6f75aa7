// Node's file system without its syncs: for families that look at what is in files, not at what survives a
// crash, and would wait for the disk most of their time.
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sstitch/sst';

const unsynced = (file: FileHandle) => Object.assign(file, { sync: () => undefined });

export const unsyncedFileSystem: FileSystem = {
  ...nodeFileSystem,
  open: (path, mode) => unsynced(nodeFileSystem.open(path, mode)),
  attach: (file) => unsynced(nodeFileSystem.attach(file)),
  copy: (existing, path) => unsynced(nodeFileSystem.copy(existing, path)),
  fsyncDir: () => undefined,
};
