// Advice on a path that was to be a store and is not one.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { EngineErrorReason } from '@sstitch/engine';
import { formatOfName } from '../records/sync-format.js';

/** The first bytes of a .c1z file, of every format. */
const C1Z_MAGIC = 'C1Z';
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/**
 * How to make a store of what is at a path: of a file of syncs, or of a LevelDB database.
 *
 * @param reason that of the SSTITCH_STORE_FORMAT
 * @returns undefined if there is no way
 */
export function adviceOnPath(
  path: string,
  reason: EngineErrorReason | undefined,
): string | undefined {
  if (reason === 'leveldb-database') return `\`sstitch adopt ${shellWord(path)} STORE\``;
  return reason === 'not-a-directory' && isSyncFile(path)
    ? `it is a file of syncs, so import it first: \`sstitch import ${shellWord(path)} --into STORE\``
    : undefined;
}

/** Whether a path is a file that `import` takes, by its name or its first bytes. */
function isSyncFile(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    return formatOfName(path) !== undefined || hasMagic(path);
  } catch {
    // The error that was found first is reported.
    return false;
  }
}

function hasMagic(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(C1Z_MAGIC.length);
    readSync(file, bytes, 0, bytes.length, 0);
    return bytes.toString('latin1') === C1Z_MAGIC;
  } finally {
    closeSync(file);
  }
}

/** A path as a word of a shell's command line. */
function shellWord(path: string): string {
  return PLAIN_WORD.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
