// The shim that makes LevelDB's own file operations fail (tools/torture/native/fail-leveldb-calls.c): compiles
// it, and gives it its orders through the file that both map.
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { compileShim } from '../cases/compile-shim.js';

/** Bits of `LevelFault.kinds`. */
export const FAULT_KINDS = {
  open: 1,
  write: 2,
  sync: 4,
  rename: 8,
  unlink: 16,
  read: 32,
  map: 64,
  close: 128,
} as const;

/** Linux's numbers of the codes that a disk, a quota, or a process at its limits gives. */
export const FAULT_CODES = {
  ENOSPC: 28,
  EIO: 5,
  EDQUOT: 122,
  EMFILE: 24,
  ENFILE: 23,
  EROFS: 30,
  ENOMEM: 12,
} as const;

/** What fails. */
export interface LevelFault {
  readonly kinds: number;
  /** What the path holds; '' for any. */
  readonly text: string;
  /** The operation that fails, of those that match, from 0. */
  readonly at: number;
  /** All later ones too. */
  readonly forever: boolean;
  readonly code: keyof typeof FAULT_CODES;
  /** Bytes that a failing write writes before it fails. */
  readonly partialBytes: number;
}

export const CONTROL_VARIABLE = 'SSTITCH_FAULT_CONTROL';
const CONTROL_BYTES = 4096;
const TEXT_AT = 64;
const FAILED_AT = 28;

export interface FaultShim {
  /** What a child process needs in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Compiles the shim into a directory; or says why there is none. */
export async function makeFaultShim(directory: string): Promise<FaultShim | string> {
  const compiled = await compileShim('fail-leveldb-calls', directory);
  if ('skipped' in compiled) return compiled.skipped;
  const control = join(directory, 'control');
  writeFileSync(control, new Uint8Array(CONTROL_BYTES));
  return { environment: { LD_PRELOAD: compiled.library, [CONTROL_VARIABLE]: control } };
}

/** Gives orders to the shim of this process. */
export class FaultControl {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r+');
  }

  arm({ kinds, text, at, forever, code, partialBytes }: LevelFault): void {
    const words = [1, kinds, at, forever ? 1 : 0, FAULT_CODES[code], partialBytes, 0, 0];
    this.#write(words, text);
  }

  /** From now on nothing fails. Gives how many operations did. */
  disarm(): number {
    const failed = Buffer.alloc(4);
    readSync(this.#descriptor, failed, 0, 4, FAILED_AT);
    this.#write([0, 0, 0, 0, 0, 0, 0, 0], '');
    return failed.readInt32LE(0);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #write(words: readonly number[], text: string): void {
    const bytes = Buffer.alloc(TEXT_AT + 256);
    for (const [index, word] of words.entries()) bytes.writeInt32LE(word, index * 4);
    bytes.write(text, TEXT_AT, 'latin1');
    writeSync(this.#descriptor, bytes, 0, bytes.length, 0);
  }
}
