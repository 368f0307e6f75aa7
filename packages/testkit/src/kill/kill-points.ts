// Named points at which a process kills itself: right before or after an operation of the file port, or amid a
// write, of which half of the bytes are then written.
//
//   before rename store CURRENT   the commit point is not reached
//   amid write MANIFEST           half of a record is in the file
//   after link table              one more table is linked
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { type FileOperation, wrapFileSystem } from '@sstitch/sst/testing';

/** The nth time that a process passes the point of this name. */
export interface KillPoint {
  readonly name: string;
  /** Counted from 1. */
  readonly nth: number;
}

type When = 'before' | 'amid' | 'after';

/** The operations that change files, by the verbs in the names of points. */
const VERBS: Partial<Record<FileOperation['name'], string>> = {
  open: 'create',
  write: 'write',
  sync: 'fsync',
  link: 'link',
  copy: 'copy',
  rename: 'rename',
  unlink: 'unlink',
  mkdir: 'make',
  removeDirectory: 'remove',
  fsyncDir: 'fsync',
  chmod: 'set mode of',
};

/** Counts the points that a process passes, and kills it at one of them. */
export class KillPoints {
  /** Node's file system, wrapped so that the process dies at the point. */
  readonly fileSystem: FileSystem = wrapFileSystem(nodeFileSystem, {
    before: (operation) => this.#see('before', operation),
    after: (operation) => this.#see('after', operation),
  });
  /** How often each point was passed. */
  readonly passed = new Map<string, number>();
  readonly #point: KillPoint | undefined;

  constructor(point: KillPoint | undefined) {
    this.#point = point;
  }

  #see(when: 'before' | 'after', operation: FileOperation): void {
    const { name, path, to = path, mode, handle, bytes } = operation;
    // Opening a file for appending changes nothing before the first write.
    const verb = name === 'open' && mode !== 'create' ? undefined : VERBS[name];
    if (verb === undefined) return;
    if (this.#pass(when, verb, to)) die();
    if (name !== 'write' || when === 'after' || !this.#pass('amid', verb, to)) return;
    if (bytes !== undefined) handle?.write(bytes.subarray(0, bytes.byteLength >>> 1));
    die();
  }

  /** Counts a point; returns true if the process must die there. */
  #pass(when: When, operation: string, path: string): boolean {
    const name = `${when} ${operation} ${kindOf(path)}`;
    const count = (this.passed.get(name) ?? 0) + 1;
    this.passed.set(name, count);
    return this.#point?.name === name && this.#point.nth === count;
  }
}

/** Never returns: the system ends the thread before the call returns. */
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

/** The kind of file or directory at a path, by its name. */
function kindOf(path: string): string {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  const parent = parts.at(-2) ?? '';
  const isCopy = parent === 'copy';
  const isLevel = parent.startsWith('gen-') || isCopy;
  if (name === 'CURRENT' || name === 'CURRENT.tmp') return `${isLevel ? 'level' : 'store'} ${name}`;
  if (name === 'FORMAT') return name;
  if (name.endsWith('.ldb')) {
    return parts.includes('staging') && !isCopy ? 'staged table' : 'table';
  }
  for (const [pattern, kind] of NUMBERED) if (pattern.test(name)) return kind;
  if (name === 'staging' || name === 'readers') return name;
  if (parent === 'staging') return 'directory in staging';
  return parts.length > 1 && /^(base|target-\d+|checkpoint-\d+)$/.test(name)
    ? name.replace(/-\d+$/, '')
    : 'other';
}

/**
 * Orders points for the rounds: every name once, each at a random one of its occurrences, before any name repeats.
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
