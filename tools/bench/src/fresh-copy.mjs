// Makes a copy of a loaded database for each round, flushed to disk before anything is timed: the fsyncs of a
// round must not pay for the copying.
//
// Nor must they pay for the removal of the previous copy. For some minutes, ext4 without a journal skips the
// inodes of removed files one by one whenever a file is created near them: after some rounds, creating a file
// costs as much as fsyncing one, and fast peers pay the most. So the files of the previous copy are
// overwritten, and only further names of linked files are removed.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const CHUNK_BYTES = 1024 * 1024;
const chunk = new Uint8Array(CHUNK_BYTES);
let spareFiles = 0;

/** Copies a directory; afterwards the copy is on disk and in the page cache. */
export function freshCopy(from, to) {
  const spareDirectory = `${to}.spare`;
  mkdirSync(spareDirectory, { recursive: true });
  const spares = new SpareFiles(spareDirectory);
  spares.takeFrom(to);
  rmSync(to, { recursive: true, force: true });
  copyDirectory(from, to, spares);
}

function copyDirectory(from, to, spares) {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyDirectory(source, target, spares);
    else copyFile(source, target, spares.next());
  }
  syncPath(to);
}

function copyFile(from, to, spare) {
  if (spare === undefined) {
    copyFileSync(from, to);
  } else {
    // Linked tables are read-only.
    chmodSync(spare, 0o600);
    overwrite(from, spare);
    renameSync(spare, to);
    chmodSync(to, statSync(from).mode);
  }
  syncPath(to);
}

function overwrite(from, to) {
  const [source, target] = [openSync(from, 'r'), openSync(to, 'r+')];
  try {
    let size = 0;
    for (;;) {
      const read = readSync(source, chunk, 0, CHUNK_BYTES, size);
      if (read === 0) break;
      writeSync(target, chunk, 0, read, size);
      size += read;
    }
    ftruncateSync(target, size);
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

/** Files for reuse, in a directory beside the copy. */
class SpareFiles {
  #paths;
  #directory;

  constructor(directory) {
    this.#directory = directory;
    this.#paths = readdirSync(directory).map((name) => join(directory, name));
  }

  next() {
    return this.#paths.pop();
  }

  /** Moves a directory's files here, except those that another directory links too. */
  takeFrom(directory) {
    for (const entry of entriesOf(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) this.takeFrom(path);
      else if (entry.isFile() && statSync(path).nlink === 1) this.#take(path);
    }
  }

  #take(path) {
    spareFiles += 1;
    const spare = join(this.#directory, `${process.pid}-${spareFiles}`);
    renameSync(path, spare);
    this.#paths.push(spare);
  }
}

function entriesOf(directory) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function syncPath(path) {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
