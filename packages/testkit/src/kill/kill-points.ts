// Named points at which a process kills itself: right before or after an operation of the file port,
// or in the midst of a write, half of whose bytes are there then.
//
//   before rename store CURRENT   the pointer's own swap, not yet made
//   amid write MANIFEST           half of a record is in the file
//   after link table              one more table has its second name
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { type FileOperation, wrapFileSystem } from '@sstitch/sst/testing';

/** The nth time that a process passes a point of this name. */
export interface KillPoint {
  readonly name: string;
  /** From 1. */
  readonly nth: number;
}

type When = 'before' | 'amid' | 'after';

/** Operations that change something, in the words of the points' names. */
const WORDS: Partial<Record<FileOperation['name'], string>> = {
  open: 'create',
  write: 'write',
  sync: 'sync',
  link: 'link',
  copy: 'copy',
  rename: 'rename',
  unlink: 'unlink',
  mkdir: 'make',
  removeDirectory: 'remove',
  fsyncDir: 'sync',
  chmod: 'set mode of',
};

/** Watches over the points that a process passes, and ends it at one of them. */
export class KillPoints {
  /** Node's, in a process that dies at the point. */
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
    // Appending begins with its first write.
    const word = name === 'open' && mode !== 'create' ? undefined : WORDS[name];
    if (word === undefined) return;
    if (this.#pass(when, word, to)) die();
    if (name !== 'write' || when === 'after' || !this.#pass('amid', word, to)) return;
    if (bytes !== undefined) handle?.write(bytes.subarray(0, bytes.byteLength >>> 1));
    die();
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
