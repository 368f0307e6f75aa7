// Node's file system without fsyncs, for families that check the content of files, not what survives a crash,
// and would otherwise mostly wait for the disk.
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sstitch/sst';

const unsynced = (file: FileHandle) => Object.assign(file, { sync: () => undefined });

export const unsyncedFileSystem: FileSystem = {
  ...nodeFileSystem,
  open: (path, mode) => unsynced(nodeFileSystem.open(path, mode)),
  attach: (file) => unsynced(nodeFileSystem.attach(file)),
  copy: (existing, path) => unsynced(nodeFileSystem.copy(existing, path)),
  fsyncDir: () => undefined,
};
