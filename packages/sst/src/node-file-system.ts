// Node's implementation of the port: thin, so that there is nothing in it to test but Node.
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle, FileStatus, FileSystem, OpenMode } from './file-system.js';

const OPEN_FLAGS: Record<OpenMode, string | number> = {
  read: 'r',
  create: 'wx',
  // Unlike Node's own 'a', it makes no file.
  append: constants.O_RDWR | constants.O_APPEND,
};

class NodeFileHandle implements FileHandle {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  read(target: Uint8Array, position: number): number {
    let filled = 0;
    while (filled < target.byteLength) {
      const count = readSync(
        this.#descriptor,
        target,
        filled,
        target.byteLength - filled,
        position + filled,
      );
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  write(bytes: Uint8Array): void {
    let written = 0;
    while (written < bytes.byteLength) {
      written += writeSync(this.#descriptor, bytes, written, bytes.byteLength - written);
    }
  }

  sync(): void {
    fsyncSync(this.#descriptor);
  }

  sizeBytes(): number {
    return fstatSync(this.#descriptor).size;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function kindOf(stats: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }) {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** The file operations of `node:fs`. */
export const nodeFileSystem: FileSystem = {
  open(path, mode) {
    return new NodeFileHandle(openSync(path, OPEN_FLAGS[mode], 0o644));
  },
  readFile(path) {
    const bytes = readFileSync(path);
    // A plain view: `slice` of a Buffer would share its bytes instead of copying them.
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  },
  link: linkSync,
  copy(existing, path) {
    copyFileSync(existing, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  },
  rename: renameSync,
  unlink: unlinkSync,
  mkdir(path) {
    mkdirSync(path);
  },
  removeDirectory: rmdirSync,
  readdir(path) {
    return readdirSync(path).sort();
  },
  status(path): FileStatus {
    const stats = lstatSync(path);
    return {
      kind: kindOf(stats),
      sizeBytes: stats.size,
      mode: stats.mode & 0o7777,
      links: stats.nlink,
    };
  },
  fsyncDir(path) {
    // Windows cannot open a directory to sync it; its rename is journalled by the file system.
    if (process.platform === 'win32') return;
    const descriptor = openSync(path, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
  chmod: chmodSync,
  realPath: realpathSync.native,
};

/** As a file's `sync`, without replacedSpans a thread of its own waiting for the disk. */
export async function syncNodeFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
