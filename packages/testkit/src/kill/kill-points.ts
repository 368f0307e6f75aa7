// Named points at which a process kills itself: right before or after an operation of the file port,
// or in the midst of a write, half of whose bytes are there then.
//
//   before rename store CURRENT   the pointer's own swap, not yet made
//   amid write MANIFEST           half of a record is in the file
//   after link table              one more table has its second name
import { type FileHandle, type FileSystem, nodeFileSystem } from '@sstitch/sst';

/** The nth time that a process passes a point of this name. */
export interface KillPoint {
  readonly name: string;
  /** From 1. */
  readonly nth: number;
}

type When = 'before' | 'amid' | 'after';

/** Node's file system, with a process that dies at a point. */
export class KillingFileSystem implements FileSystem {
  /** How often each point was passed. */
  readonly passed = new Map<string, number>();
  readonly #point: KillPoint | undefined;

  constructor(point: KillPoint | undefined) {
    this.#point = point;
  }

  open(path: string, mode: Parameters<FileSystem['open']>[1]): FileHandle {
    const open = () => nodeFileSystem.open(path, mode);
    // Appending begins with its first write.
    const handle = mode === 'create' ? this.#around(mode, path, open) : open();
    return this.#handle(handle, path);
  }

  #handle(handle: FileHandle, path: string): FileHandle {
    return {
      read: (target, position) => handle.read(target, position),
      write: (bytes) => {
        this.#around('write', path, () => {
          if (this.#pass('amid', 'write', path)) {
            handle.write(bytes.subarray(0, bytes.byteLength >>> 1));
            die();
          }
          handle.write(bytes);
        });
      },
      sync: () => this.#around('sync', path, () => handle.sync()),
      sizeBytes: () => handle.sizeBytes(),
      close: () => handle.close(),
    };
  }
  link(existing: string, path: string): void {
    this.#around('link', path, () => nodeFileSystem.link(existing, path));
  }
  copy(existing: string, path: string): void {
    this.#around('copy', path, () => nodeFileSystem.copy(existing, path));
  }
  rename(from: string, to: string): void {
    this.#around('rename', to, () => nodeFileSystem.rename(from, to));
  }
  unlink(path: string): void {
    this.#around('unlink', path, () => nodeFileSystem.unlink(path));
  }
  mkdir(path: string): void {
    this.#around('make', path, () => nodeFileSystem.mkdir(path));
  }
  removeDirectory(path: string): void {
    this.#around('remove', path, () => nodeFileSystem.removeDirectory(path));
  }
  fsyncDir(path: string): void {
    this.#around('sync', path, () => nodeFileSystem.fsyncDir(path));
  }
  chmod(path: string, mode: number): void {
    this.#around('set mode of', path, () => nodeFileSystem.chmod(path, mode));
  }
  readFile(path: string): Uint8Array {
    return nodeFileSystem.readFile(path);
  }
  readdir(path: string): string[] {
    return nodeFileSystem.readdir(path);
  }
  status(path: string): ReturnType<FileSystem['status']> {
    return nodeFileSystem.status(path);
  }
  realPath(path: string): string {
    return nodeFileSystem.realPath(path);
  }

  #around<T>(operation: string, path: string, act: () => T): T {
    if (this.#pass('before', operation, path)) die();
    const result = act();
    if (this.#pass('after', operation, path)) die();
    return result;
  }

  /** Counts; true at the point where the process is to die. */
  #pass(when: When, operation: string, path: string): boolean {
    const name = `${when} ${operation} ${kindOf(path)}`;
    const count = (this.passed.get(name) ?? 0) + 1;
    this.passed.set(name, count);
    return this.#point?.name === name && this.#point.nth === count;
  }
}

/** Returns never: the system ends the calling thread before it gives back control. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('the process outlived its own SIGKILL');
}

const NUMBERED: ReadonlyArray<readonly [pattern: RegExp, kind: string]> = [
  [/^MANIFEST-\d+$/, 'MANIFEST'],
  [/^\d+\.log$/, 'log'],
  [/^\d+\.dbtmp$/, 'level CURRENT.tmp'],
  [/^gen-\d+$/, 'generation'],
];

/** What a path leads to, by names alone. */
function kindOf(path: string): string {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  const parent = parts.at(-2) ?? '';
  const isLevel = parent.startsWith('gen-') || parent === 'staging';
  if (name === 'CURRENT' || name === 'CURRENT.tmp') return `${isLevel ? 'level' : 'store'} ${name}`;
  if (name === 'FORMAT') return name;
  if (name.endsWith('.ldb')) {
    return parts.includes('staging') && parent !== 'staging' ? 'staged table' : 'table';
  }
  for (const [pattern, kind] of NUMBERED) if (pattern.test(name)) return kind;
  if (name === 'staging' || name === 'readers') return name;
  if (parent === 'staging') return 'directory in staging';
  return parts.length > 1 && /^(base|target-\d+|checkpoint-\d+)$/.test(name)
    ? name.replace(/-\d+$/, '')
    : 'other';
}

/**
 * Puts points into the order in which rounds walk through them: every name once, at a time drawn at
 * random, before any name comes again.
 */
export function orderPoints(
  passed: ReadonlyMap<string, number>,
  random: () => number,
): readonly KillPoint[] {
  const turns: Array<{ readonly point: KillPoint; readonly turn: number; readonly draw: number }> =
    [];
  for (const [name, count] of passed) {
    const times = shuffled(
      Array.from({ length: count }, (_, index) => index + 1),
      random,
    );
    for (const [turn, nth] of times.entries()) {
      turns.push({ point: { name, nth }, turn, draw: random() });
    }
  }
  return turns.sort((a, b) => a.turn - b.turn || a.draw - b.draw).map(({ point }) => point);
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, draw: random() }))
    .sort((a, b) => a.draw - b.draw)
    .map(({ item }) => item);
}
