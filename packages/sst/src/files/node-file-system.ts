// The port's implementation on node:fs.
import {
  chmodSync,
  close,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  fsync,
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
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { FileHandle, FileStatus, FileSystem, OpenFile, OpenMode } from './file-system.js';

const OPEN_FLAGS: Record<OpenMode, string | number> = {
  read: 'r',
  create: 'wx',
  // Unlike Node's 'a', this does not create the file.
  append: constants.O_RDWR | constants.O_APPEND,
};

class NodeFileHandle implements FileHandle {
  readonly descriptor: number;
  readonly #path: string;
  #isClosed = false;

  constructor({ descriptor, path }: OpenFile) {
    this.descriptor = descriptor;
    this.#path = path;
  }

  /** The descriptor of the open file. Once it is closed, another file can have the same descriptor. */
  get #open(): number {
    if (!this.#isClosed) return this.descriptor;
    throw Object.assign(new Error(`EBADF: ${this.#path} is closed`), { code: 'EBADF' });
  }

  read(target: Uint8Array, position: number): number {
    return naming(this.#path, () => {
      let filled = 0;
      while (filled < target.byteLength) {
        const count = readSync(
          this.#open,
          target,
          filled,
          target.byteLength - filled,
          position + filled,
        );
        if (count === 0) break;
        filled += count;
      }
      return filled;
    });
  }

  write(bytes: Uint8Array): void {
    naming(this.#path, () => {
      let written = 0;
      while (written < bytes.byteLength) {
        written += writeSync(this.#open, bytes, written, bytes.byteLength - written);
      }
    });
  }

  sync(): void {
    naming(this.#path, () => fsyncSync(this.#open));
  }

  sizeBytes(): number {
    return fstatSync(this.#open).size;
  }

  close(): void {
    const descriptor = this.#open;
    this.#isClosed = true;
    closeSync(descriptor);
  }
}

function kindOf(stats: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }) {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** The file system of Node. */
export const nodeFileSystem: FileSystem = {
  open(path, mode) {
    return new NodeFileHandle({ path, descriptor: openSync(path, OPEN_FLAGS[mode], 0o644) });
  },
  attach: (file) => new NodeFileHandle(file),
  readFile(path) {
    const bytes = readFileSync(path);
    // The Buffer itself is not returned, as its `slice` shares bytes instead of copying them.
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  },
  link: linkSync,
  copy(existing, path) {
    // On other systems a clone needs a free name, so the copy cannot be opened before it is written.
    if (process.platform !== 'linux') {
      copyFileSync(existing, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      return nodeFileSystem.open(path, 'read');
    }
    // Node copies through a descriptor of its own and closes it. This one is open before the copy is written.
    const copied = nodeFileSystem.open(path, 'create');
    try {
      copyFileSync(existing, path, constants.COPYFILE_FICLONE);
      return copied;
    } catch (error) {
      copied.close();
      rmSync(path, { force: true });
      throw error;
    }
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
    // A number of an inode need not be exact as a double.
    const stats = lstatSync(path, { bigint: true });
    const { dev, ino, birthtimeNs, mtimeNs } = stats;
    return {
      kind: kindOf(stats),
      sizeBytes: Number(stats.size),
      mode: Number(stats.mode) & 0o7777,
      links: Number(stats.nlink),
      // The times are included, as the numbers of removed inodes are reused.
      identity: `${dev} ${ino} ${birthtimeNs} ${mtimeNs}`,
    };
  },
  fsyncDir(path) {
    // Windows cannot open a directory to fsync it. Its file system journals renames.
    if (process.platform === 'win32') return;
    const descriptor = openSync(path, 'r');
    try {
      naming(path, () => fsyncSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
  },
  chmod: chmodSync,
  realPath: realpathSync.native,
};

/** Runs work on a descriptor. Its errors name the path. */
function naming<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withPath(error, path);
  }
}

/** Adds the path to an error of Node, which for a descriptor does not name the file. */
function withPath(error: unknown, path: string): unknown {
  return error instanceof Error ? Object.assign(error, { path }) : error;
}

const fsyncAsync = promisify(fsync);
const closeAsync = promisify(close);

/** Fsyncs and closes an open file asynchronously, without blocking the calling thread. */
export async function fsyncAndCloseNodeFile({ path, descriptor }: OpenFile): Promise<void> {
  try {
    await fsyncAsync(descriptor);
  } catch (error) {
    // The descriptor is closed even so, and the error of the fsync is the one to report.
    await closeAsync(descriptor).catch(() => undefined);
    throw withPath(error, path);
  }
  await closeAsync(descriptor);
}
