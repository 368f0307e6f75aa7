// Makes a real folder of a crash state; paths that share a file are hard links of one another.
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import type { DiskState } from './disk-model.js';

/** @param existing the folder is there already */
export function makeDiskState(state: DiskState, folder: string, existing = false): void {
  if (!existing) mkdirSync(folder);
  for (const path of state.folders) mkdirSync(`${folder}/${path}`);
  const first = new Map<number, string>();
  for (const [path, { id, bytes }] of state.files) {
    const from = first.get(id);
    if (from !== undefined) {
      linkSync(from, `${folder}/${path}`);
      continue;
    }
    first.set(id, `${folder}/${path}`);
    writeFileSync(`${folder}/${path}`, bytes);
  }
}
