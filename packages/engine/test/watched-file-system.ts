// Node's file system, every operation of which a test can see before it happens, and break.
import { type FileHandle, type FileSystem, nodeFileSystem, type OpenMode } from '@sstitch/sst';

export interface FileOperation {
  readonly name: keyof FileSystem | 'write' | 'sync';
  readonly path: string;
  /** The second path of link, copy and rename. */
  readonly to: string | undefined;
}

export class WatchedFileSystem implements FileSystem {
  /** Called before each operation; what it throws is the operation's failure. */
  before: (operation: FileOperation) => void = () => undefined;

  #see(name: FileOperation['name'], path: string, to?: string): void {
    this.before({ name, path, to });
  }

  open(path: string, mode: OpenMode): FileHandle {
    this.#see('open', path);
    const handle = nodeFileSystem.open(path, mode);
    return {
      read: (target, position) => handle.read(target, position),
      write: (bytes) => {
        this.#see('write', path);
        handle.write(bytes);
      },
      sync: () => {
        this.#see('sync', path);
        handle.sync();
      },
      sizeBytes: () => handle.sizeBytes(),
      close: () => handle.close(),
    };
  }
  readFile(path: string): Uint8Array {
    this.#see('readFile', path);
    return nodeFileSystem.readFile(path);
  }
  link(existing: string, path: string): void {
    this.#see('link', existing, path);
    nodeFileSystem.link(existing, path);
  }
  copy(existing: string, path: string): void {
    this.#see('copy', existing, path);
    nodeFileSystem.copy(existing, path);
  }
  rename(from: string, to: string): void {
    this.#see('rename', from, to);
    nodeFileSystem.rename(from, to);
  }
  unlink(path: string): void {
    this.#see('unlink', path);
    nodeFileSystem.unlink(path);
  }
  mkdir(path: string): void {
    this.#see('mkdir', path);
    nodeFileSystem.mkdir(path);
  }
  removeDirectory(path: string): void {
    this.#see('removeDirectory', path);
    nodeFileSystem.removeDirectory(path);
  }
  readdir(path: string): string[] {
    this.#see('readdir', path);
    return nodeFileSystem.readdir(path);
  }
  status(path: string) {
    this.#see('status', path);
    return nodeFileSystem.status(path);
  }
  fsyncDir(path: string): void {
    this.#see('fsyncDir', path);
    nodeFileSystem.fsyncDir(path);
  }
  chmod(path: string, mode: number): void {
    this.#see('chmod', path);
    nodeFileSystem.chmod(path, mode);
  }
  realPath(path: string): string {
    return nodeFileSystem.realPath(path);
  }
}

/** An error as Node's fs throws it. */
export function fileError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: forced by a test, ${syscall} '${path}'`), {
    code,
    syscall,
    path,
  });
}
