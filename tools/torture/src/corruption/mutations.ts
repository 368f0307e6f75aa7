// Mutations of the files of a store, one at a time: bits flip, files end early or late, sectors become zeros,
// files vanish or are replaced by others.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { seededRandom } from '@sstitch/testkit/torture';
import type { SmallStore } from '../cases/small-store.js';

export type Mutation =
  | { readonly kind: 'none' }
  | { readonly kind: 'flip'; readonly file: string; readonly at: number; readonly mask: number }
  | { readonly kind: 'truncate'; readonly file: string; readonly length: number }
  | {
      readonly kind: 'extend';
      readonly file: string;
      readonly bytes: number;
      readonly byte: number;
    }
  | { readonly kind: 'zero'; readonly file: string; readonly sector: number }
  | { readonly kind: 'missing'; readonly file: string }
  | { readonly kind: 'replace'; readonly file: string; readonly by: string };

const SECTOR_BYTES = 512;

/** The bits of each byte to flip: one, chosen by the seed, or each bit and all at once. */
export type FlippedBits = 'one' | 'all';

/** Lists all mutations of a store, always in the same order. */
export function listMutations(store: SmallStore, seed: number, bits: FlippedBits): Mutation[] {
  const random = seededRandom(seed);
  const mutations: Mutation[] = [{ kind: 'none' }];
  for (const file of store.files) {
    const { size } = statSync(join(store.path, file));
    mutations.push({ kind: 'missing', file });
    for (let at = 0; at < size; at++) {
      const masks =
        bits === 'one' ? [1 << Math.floor(random() * 8)] : [1, 2, 4, 8, 16, 32, 64, 128, 255];
      for (const mask of masks) mutations.push({ kind: 'flip', file, at, mask });
    }
    for (let length = 0; length < size; length++)
      mutations.push({ kind: 'truncate', file, length });
    for (const bytes of [1, 7, SECTOR_BYTES]) {
      for (const byte of [0, 0x5a]) mutations.push({ kind: 'extend', file, bytes, byte });
    }
    for (let sector = 0; sector * SECTOR_BYTES < size; sector++) {
      mutations.push({ kind: 'zero', file, sector });
    }
    for (const by of replacements(store, file)) mutations.push({ kind: 'replace', file, by });
  }
  return mutations;
}

/** The files that can replace a file: every other file of the store and those of its earlier state. */
function replacements({ path, stalePath, files }: SmallStore, file: string): string[] {
  const stale = readdirSync(stalePath, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'LOCK')
    .map((entry) => join(entry.parentPath, entry.name));
  const others = files.filter((other) => other !== file).map((other) => join(path, other));
  return [...others, ...stale].sort();
}

/** Applies a mutation to the bytes of a file; undefined if the file is removed. */
export function mutate(bytes: Uint8Array, mutation: Mutation): Uint8Array | undefined {
  switch (mutation.kind) {
    case 'none':
      return bytes;
    case 'flip': {
      const changed = Uint8Array.from(bytes);
      changed[mutation.at] = (changed[mutation.at] ?? 0) ^ mutation.mask;
      return changed;
    }
    case 'truncate':
      return bytes.subarray(0, mutation.length);
    case 'extend': {
      const changed = new Uint8Array(bytes.length + mutation.bytes).fill(mutation.byte);
      changed.set(bytes);
      return changed;
    }
    case 'zero': {
      const changed = Uint8Array.from(bytes);
      return changed.fill(
        0,
        mutation.sector * SECTOR_BYTES,
        Math.min(bytes.length, (mutation.sector + 1) * SECTOR_BYTES),
      );
    }
    case 'missing':
      return undefined;
    case 'replace':
      return readFileSync(mutation.by);
  }
}

export function describeMutation(mutation: Mutation): string {
  if (mutation.kind === 'none') return 'nothing changed';
  const { kind, file } = mutation;
  switch (kind) {
    case 'flip':
      return `flip ${file} at ${mutation.at} by ${mutation.mask}`;
    case 'truncate':
      return `truncate ${file} to ${mutation.length}`;
    case 'extend':
      return `extend ${file} by ${mutation.bytes} of ${mutation.byte}`;
    case 'zero':
      return `zero sector ${mutation.sector} of ${file}`;
    case 'missing':
      return `remove ${file}`;
    case 'replace':
      return `replace ${file} by ${basename(mutation.by)} (${mutation.by.length} characters of path)`;
  }
}
