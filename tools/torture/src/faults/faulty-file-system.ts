// Node's file system with one operation, or all from one on, failing as a disk or a system does.
//
// A failing write may have written half of its bytes; a failing close has closed. Nothing else of a
// failing operation has happened.
import {
  type FileHandle,
  type FileStatus,
  type FileSystem,
  nodeFileSystem,
  type OpenMode,
} from '@sstitch/sst';

export type FaultCode =
  | 'ENOSPC'
  | 'EIO'
  | 'EMFILE'
  | 'EACCES'
  | 'EXDEV'
  | 'EMLINK'
  | 'EROFS'
  /** Half of the bytes, then ENOSPC. */
  | 'short write';

export type FaultOperation = keyof FileSystem | 'create' | 'read' | 'write' | 'sync' | 'close';

/** Which operations can fail how, on real systems. */
const FAILS: Record<FaultCode, ReadonlySet<FaultOperation> | 'all'> = {
  EIO: 'all',
  ENOSPC: new Set(['create', 'write', 'sync', 'link', 'copy', 'rename', 'mkdir']),
  EMFILE: new Set(['open', 'create', 'readFile', 'copy', 'readdir', 'fsyncDir']),
  EACCES: new Set([
    'open',
    'create',
    'readFile',
    'link',
    'copy',
    'rename',
    'unlink',
    'mkdir',
    'removeDirectory',
    'readdir',
    'status',
    'fsyncDir',
    'chmod',
    'realPath',
  ]),
  EXDEV: new Set(['link', 'rename']),
  EMLINK: new Set(['link', 'mkdir']),
  EROFS: new Set([
    'create',
    'link',
    'copy',
    'rename',
    'unlink',
    'mkdir',
    'removeDirectory',
    'chmod',
  ]),
  'short write': new Set(['write']),
};

const FAULT_CODES = Object.keys(FAILS) as FaultCode[];

function canFail(operation: FaultOperation, code: FaultCode): boolean {
  const fails = FAILS[code];
  return fails === 'all' || fails.has(operation);
}

/** How an operation can fail. */
export function codesFor(operation: FaultOperation): FaultCode[] {
  return FAULT_CODES.filter((code) => canFail(operation, code));
}

const SYSCALLS: Partial<Record<FaultOperation, string>> = {
  create: 'open',
  sync: 'fsync',
  fsyncDir: 'fsync',
  mkdir: 'mkdir',
  removeDirectory: 'rmdir',
  readdir: 'scandir',
  readFile: 'open',
  copy: 'copyfile',
  status: 'lstat',
  chmod: 'chmod',
};

export interface Fault {
  readonly code: FaultCode;
  /** How many operations go well before; the next that can fail so does. */
  readonly after: number;
  /** All that follow fail too. */
  readonly lasting: boolean;
}

/** A fault that came about. */
export interface Fired {
  readonly operation: FaultOperation;
  readonly path: string;
}

export class FaultyFileSystem implements FileSystem {
  /** Called before each operation. */
  before: (operation: FaultOperation, path: string) => void = () => undefined;
  readonly fired: Fired[] = [];
  /** All of them, in order. */
  readonly operations: FaultOperation[] = [];
  #fault: Fault | undefined;

  /** Before the first operation. */
  inject(fault: Fault): void {
    this.#fault = fault;
  }

  /** Nothing fails any more. */
  heal(): void {
    this.#fault = undefined;
  }

  open(path: string, mode: OpenMode): FileHandle {
    this.#check(mode === 'create' ? 'create' : 'open', path);
    const handle = nodeFileSystem.open(path, mode);
    return {
      read: (target, position) => {
        this.#check('read', path);
        return handle.read(target, position);
      },
      write: (bytes) => {
        this.#check('write', path, () => handle.write(bytes.subarray(0, bytes.byteLength >>> 1)));
        handle.write(bytes);
      },
      sync: () => {
        this.#check('sync', path);
        handle.sync();
      },
      sizeBytes: () => handle.sizeBytes(),
      close: () => {
        handle.close();
        this.#check('close', path);
      },
    };
  }
  readFile(path: string): Uint8Array {
    this.#check('readFile', path);
    return nodeFileSystem.readFile(path);
  }
  link(existing: string, path: string): void {
    this.#check('link', path);
    nodeFileSystem.link(existing, path);
  }
  copy(existing: string, path: string): void {
    this.#check('copy', path);
    nodeFileSystem.copy(existing, path);
  }
  rename(from: string, to: string): void {
    this.#check('rename', to);
    nodeFileSystem.rename(from, to);
  }
  unlink(path: string): void {
    this.#check('unlink', path);
    nodeFileSystem.unlink(path);
  }
  mkdir(path: string): void {
    this.#check('mkdir', path);
    nodeFileSystem.mkdir(path);
  }
  removeDirectory(path: string): void {
    this.#check('removeDirectory', path);
    nodeFileSystem.removeDirectory(path);
  }
  readdir(path: string): string[] {
    this.#check('readdir', path);
    return nodeFileSystem.readdir(path);
  }
  status(path: string): FileStatus {
    this.#check('status', path);
    return nodeFileSystem.status(path);
  }
  fsyncDir(path: string): void {
    this.#check('fsyncDir', path);
    nodeFileSystem.fsyncDir(path);
  }
  chmod(path: string, mode: number): void {
    this.#check('chmod', path);
    nodeFileSystem.chmod(path, mode);
  }
  realPath(path: string): string {
    this.#check('realPath', path);
    return nodeFileSystem.realPath(path);
  }

  #check(operation: FaultOperation, path: string, inPart: () => void = () => undefined): void {
    this.before(operation, path);
    const index = this.operations.push(operation) - 1;
    const fault = this.#fault;
    if (fault === undefined) return;
    if (!canFail(operation, fault.code)) return;
    if (index < fault.after || (this.fired.length > 0 && !fault.lasting)) return;
    this.fired.push({ operation, path });
    if (fault.code === 'short write') inPart();
    const code = fault.code === 'short write' ? 'ENOSPC' : fault.code;
    const syscall = SYSCALLS[operation] ?? operation;
    throw Object.assign(new Error(`${code}: forced by a test, ${syscall} '${path}'`), {
      code,
      syscall,
      path,
    });
  }
}
