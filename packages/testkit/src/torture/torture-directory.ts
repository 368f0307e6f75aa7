// Directories that tortures work in. Each goes at its end, and with the process where that is ended early.
import { mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const leftovers = new Set<() => void>();

/** Does `clean` now or, at the latest, when the process exits; gives what does it now. */
export function cleanByExit(clean: () => void): () => void {
  if (leftovers.size === 0) process.on('exit', cleanAll);
  const once = () => {
    if (!leftovers.delete(once)) return;
    if (leftovers.size === 0) process.off('exit', cleanAll);
    clean();
  };
  leftovers.add(once);
  return once;
}

function cleanAll(): void {
  for (const clean of [...leftovers].reverse()) {
    try {
      clean();
    } catch {
      // Children may still write there: nothing more can be done on the way out.
    }
  }
}

export interface TortureDirectory {
  /** Without symbolic links. */
  readonly path: string;
  remove(): void;
}

/**
 * Makes an empty directory.
 *
 * @param where `memory` where the system offers memory as a directory: for what need not survive this
 * machine's own crash, which is everything that kills only processes or plays power cuts. Or the directory
 * that it is to be made in
 */
export function tortureDirectory(
  name: string,
  where: 'disk' | 'memory' | { readonly inDirectory: string },
): TortureDirectory {
  const parent = parentFor(where);
  const path = realpathSync.native(mkdtempSync(join(parent, `sstitch-${name}-`)));
  return {
    path,
    remove: cleanByExit(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 })),
  };
}

function parentFor(where: 'disk' | 'memory' | { readonly inDirectory: string }): string {
  if (typeof where === 'object') return where.inDirectory;
  return where === 'memory' && hasMemoryDirectory() ? MEMORY : tmpdir();
}

function hasMemoryDirectory(): boolean {
  return statSync(MEMORY, { throwIfNoEntry: false })?.isDirectory() === true;
}
