// Writes a crash state to a real directory; paths that share a file become hard links.
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import type { DiskState } from './disk-model.js';

/** Writes the state. @param existing whether the directory already exists */
export function makeDiskState(state: DiskState, directory: string, existing = false): void {
  if (!existing) mkdirSync(directory);
  for (const path of state.directories) mkdirSync(`${directory}/${path}`);
  const first = new Map<number, string>();
  for (const [path, { id, bytes }] of state.files) {
    const from = first.get(id);
    if (from !== undefined) {
      linkSync(from, `${directory}/${path}`);
      continue;
    }
    first.set(id, `${directory}/${path}`);
    writeFileSync(`${directory}/${path}`, bytes);
  }
}
