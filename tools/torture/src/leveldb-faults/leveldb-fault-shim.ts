// Compiles the shim that makes LevelDB's own file operations fail (tools/torture/native/fail-leveldb-calls.c),
// and controls it through a file that both map.
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

/** Linux's error numbers for a failing disk, a quota, and a process at its limits. */
export const FAULT_CODES = {
  ENOSPC: 28,
  EIO: 5,
  EDQUOT: 122,
  EMFILE: 24,
  ENFILE: 23,
  EROFS: 30,
  ENOMEM: 12,
} as const;

/** A fault of LevelDB's file operations. */
export interface LevelFault {
  readonly kinds: number;
  /** A text that the path contains; '' matches every path. */
  readonly text: string;
  /** The number of the failing operation among those that match, counted from 0. */
  readonly at: number;
  /** Whether all later operations fail too. */
  readonly forever: boolean;
  readonly code: keyof typeof FAULT_CODES;
  /** How many bytes a failing write writes before it fails. */
  readonly partialBytes: number;
}

export const CONTROL_VARIABLE = 'SSTITCH_FAULT_CONTROL';
const CONTROL_BYTES = 4096;
const TEXT_AT = 64;
const FAILED_AT = 28;

export interface FaultShim {
  /** The environment variables of a child process. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Compiles the shim into a directory, or returns why it cannot. */
export async function makeFaultShim(directory: string): Promise<FaultShim | string> {
  const compiled = await compileShim('fail-leveldb-calls', directory);
  if ('skipped' in compiled) return compiled.skipped;
  const control = join(directory, 'control');
  writeFileSync(control, new Uint8Array(CONTROL_BYTES));
  return { environment: { LD_PRELOAD: compiled.library, [CONTROL_VARIABLE]: control } };
}

/** Controls the shim of this process. */
export class FaultControl {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r+');
  }

  arm({ kinds, text, at, forever, code, partialBytes }: LevelFault): void {
    const words = [1, kinds, at, forever ? 1 : 0, FAULT_CODES[code], partialBytes, 0, 0];
    this.#write(words, text);
  }

  /** Removes the fault; returns how many operations failed. */
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
