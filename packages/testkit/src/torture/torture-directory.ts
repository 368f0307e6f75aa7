// Working directories of torture runs. Each is removed at the end of the run, or at the latest when the process exits.
import { mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const leftovers = new Set<() => void>();

/** Calls `clean` at the latest when the process exits; returns a function that calls it now. */
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
      // Child processes may still write there; nothing more can be done during exit.
    }
  }
}

/** A directory for torture cases. */
export interface TortureDirectory {
  /** The real path, without symbolic links. */
  readonly path: string;
  /** Removes the directory and its contents. */
  remove(): void;
}

/**
 * Creates an empty directory.
 *
 * @param where the parent directory, or `memory` for a directory in memory if the system has one. Memory
 * suffices for runs that need not survive a crash of this machine: all that only kill processes or simulate
 * power cuts
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
