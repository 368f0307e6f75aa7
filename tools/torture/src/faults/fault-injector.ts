// Makes one operation of a file system, or all from one on, fail as a disk or a system would.
//
// A failing write may have written half of its bytes; a failing close has closed the file. Every other failing
// operation has had no effect.
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { type FileOperation, wrapFileSystem } from '@sstitch/sst/testing';

export type FaultCode =
  | 'ENOSPC'
  | 'EIO'
  | 'EMFILE'
  | 'EACCES'
  | 'EXDEV'
  | 'EMLINK'
  | 'EROFS'
  /** Half of the bytes are written, then ENOSPC. */
  | 'short write';

export type FaultOperation = FileOperation['name'] | 'create';

/** Which operations can fail with each code on real systems. */
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

/** The codes with which an operation can fail. */
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
  /** How many operations succeed first; the next one that can fail with the code fails. */
  readonly after: number;
  /** Whether all later operations fail too. */
  readonly lasting: boolean;
}

/** A fault that occurred. */
export interface Fired {
  readonly operation: FaultOperation;
  readonly path: string;
}

export class FaultInjector {
  /** Node's file system with the fault. */
  readonly fileSystem: FileSystem = wrapFileSystem(nodeFileSystem, {
    before: (operation) => this.#before(operation),
    after: ({ name, path }) => {
      if (name === 'close') this.#check(name, path, () => undefined);
    },
  });
  /** Called before each operation. */
  before: (operation: FaultOperation, path: string) => void = () => undefined;
  readonly fired: Fired[] = [];
  /** All operations in order. */
  readonly operations: FaultOperation[] = [];
  #fault: Fault | undefined;

  /** Sets the fault; must be called before the first operation. */
  inject(fault: Fault): void {
    this.#fault = fault;
  }

  /** Removes the fault. */
  heal(): void {
    this.#fault = undefined;
  }

  #before({ name, path, to = path, mode, handle, bytes }: FileOperation): void {
    // A failing close has closed the file; fstat does not fail, and attach makes no system call.
    if (name === 'close' || name === 'sizeBytes' || name === 'attach') return;
    this.#check(name === 'open' && mode === 'create' ? 'create' : name, to, () => {
      if (bytes !== undefined) handle?.write(bytes.subarray(0, bytes.byteLength >>> 1));
    });
  }

  #check(operation: FaultOperation, path: string, inPart: () => void): void {
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
