// Records every change made through the file system port, and LevelDB's own changes.
//
// LevelDB does not use the port. So before each operation of the port, and after each synced write returns, the
// recorder compares the directory with its last known state. The difference is LevelDB's work; it is put into
// the order of LevelDB's source (level-changes.ts).
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import { type FileOperation, wrapFileSystem } from '@sstitch/sst/testing';
import type { DiskEvent } from './disk-model.js';
import { type FoundFile, isUnchanged, levelChanges } from './level-changes.js';

/** Files that do not affect a database's state: LevelDB creates them again. */
const IGNORED_NAMES = new Set(['LOCK', 'LOG', 'LOG.old']);

/**
 * Operations that change nothing that a power cut could lose. Making tables read-only is a second guard, on
 * which no state depends.
 */
const UNRECORDED: ReadonlySet<FileOperation['name']> = new Set([
  'read',
  'sizeBytes',
  'attach',
  'close',
  'status',
  'chmod',
  'realPath',
]);

/** The number for a handle without a descriptor; no descriptor has it. */
const NO_DESCRIPTOR = -1;

export type TraceEvent<M> = DiskEvent | { readonly kind: 'mark'; readonly mark: M };

export class FileRecorder<M> {
  /** Node's file system, recorded. */
  readonly fileSystem: FileSystem = wrapFileSystem(nodeFileSystem, {
    before: (operation) => this.#step(operation),
    after: (operation) => this.#after(operation),
  });
  /** Events that create the recorded directory in its initial, fully synced state. */
  readonly initial: DiskEvent[] = [];
  readonly events: Array<TraceEvent<M>> = [];
  /** Called before each operation, so that a scenario can begin a write. */
  before: () => void = () => undefined;
  readonly #root: string;
  #known = new Map<string, FoundFile>();
  /** The open descriptors of recorded files. */
  readonly #open = new Set<number>();
  #recording = true;

  /** Records everything under `root`, which must not contain symbolic links, from now on. */
  constructor(root: string) {
    this.#root = root;
    this.#known = this.#look();
    for (const [path, file] of this.#known) {
      if (!file.isDirectory) file.bytes = Uint8Array.from(readFileSync(`${root}/${path}`));
    }
    const first = new Map<number, string>();
    for (const [path, { isDirectory, inode, bytes }] of this.#known) {
      const from = first.get(inode);
      if (isDirectory) {
        this.initial.push({ kind: 'mkdir', path });
      } else if (from !== undefined) {
        this.initial.push({ kind: 'link', from, path });
      } else {
        first.set(inode, path);
        this.initial.push({ kind: 'create', path }, { kind: 'write', path, bytes });
      }
    }
  }

  mark(mark: M): void {
    this.#scan();
    this.events.push({ kind: 'mark', mark });
  }

  /** Records that a synced write has returned, so that this database's logs are on the disk. */
  levelSynced(directory: string): void {
    this.#scan();
    const prefix = `${this.#relative(directory)}/`;
    for (const path of this.#known.keys()) {
      // All logs: if a flush has begun another one, the log of the write is unknown.
      if (path.startsWith(prefix) && path.endsWith('.log')) this.#add({ kind: 'sync', path });
    }
  }

  /** Records LevelDB's last changes and ends the recording. */
  end(): void {
    this.#scan();
    this.#recording = false;
  }

  #step({ name }: FileOperation): void {
    if (UNRECORDED.has(name)) return;
    this.#scan();
    if (this.#recording) this.before();
  }

  #after({ name, path, to = path, mode, handle, bytes = NO_BYTES }: FileOperation): void {
    const descriptor = handle?.descriptor ?? NO_DESCRIPTOR;
    switch (name) {
      case 'open':
        this.#opened(path, mode === 'create', descriptor);
        break;
      case 'write':
        bytes = Uint8Array.from(bytes);
        this.#made({ kind: 'write', path: this.#relative(path), descriptor, bytes }, path);
        break;
      case 'sync':
      case 'close':
        if (this.#open.has(descriptor)) {
          this.#add({ kind: name, path: this.#relative(path), descriptor });
        }
        if (name === 'close') this.#open.delete(descriptor);
        break;
      case 'link':
        this.#made({ kind: 'link', from: this.#relative(path), path: this.#relative(to) }, to);
        break;
      case 'copy':
        this.#opened(to, true, descriptor);
        bytes = nodeFileSystem.readFile(to);
        this.#made({ kind: 'write', path: this.#relative(to), descriptor, bytes }, to);
        break;
      case 'rename':
        this.#renamed(this.#relative(path), this.#relative(to));
        break;
      case 'mkdir':
        this.#made({ kind: 'mkdir', path: this.#relative(path) }, path);
        break;
      case 'unlink':
      case 'removeDirectory':
        this.#gone(path);
        break;
      case 'fsyncDir':
        if (this.#isInside(path)) this.#add({ kind: 'fsyncDir', path: this.#relative(path) });
    }
  }

  #opened(path: string, isNew: boolean, descriptor: number): void {
    const relative = this.#relative(path);
    if (isNew) this.#made({ kind: 'create', path: relative, descriptor }, path);
    // LevelDB's info logs are not recorded.
    else if (this.#known.has(relative)) this.#add({ kind: 'open', path: relative, descriptor });
    else return;
    this.#open.add(descriptor);
  }

  #add(event: DiskEvent): void {
    if (this.#recording) this.events.push(event);
  }

  #made(event: DiskEvent, path: string): void {
    this.#add(event);
    this.#learn(path);
  }

  #renamed(source: string, target: string): void {
    this.#add({ kind: 'rename', from: source, path: target });
    const moved = [...this.#known].filter(
      ([path]) => path === source || path.startsWith(`${source}/`),
    );
    for (const [path, found] of moved) {
      this.#known.delete(path);
      this.#known.set(target + path.slice(source.length), found);
    }
  }

  #gone(path: string): void {
    // A file whose creation was not recorded is not recorded when it is removed.
    if (this.#known.delete(this.#relative(path))) {
      this.#add({ kind: 'unlink', path: this.#relative(path) });
    }
  }

  #learn(path: string): void {
    const found = findFile(path);
    if (found === undefined) return;
    if (!found.isDirectory) found.bytes = Uint8Array.from(readFileSync(path));
    this.#known.set(this.#relative(path), found);
    // An append to a file shows under each of its names.
    for (const [name, { isDirectory, inode }] of this.#known) {
      if (!isDirectory && !found.isDirectory && inode === found.inode) this.#known.set(name, found);
    }
  }

  #isInside(path: string): boolean {
    return path === this.#root || path.startsWith(`${this.#root}/`);
  }

  #relative(path: string): string {
    if (!this.#isInside(path)) throw new Error(`${path} is outside the recorded directory`);
    return path.slice(this.#root.length + 1);
  }

  /**
   * Scans the directory. LevelDB's own thread may write between the listing of the directories and the reading
   * of a file: a MANIFEST could then list a table that the listing does not have. So both are repeated until
   * nothing changes between them.
   */
  #scan(): void {
    if (!this.#recording) return;
    for (;;) {
      const found = this.#look();
      const contents = this.#readChanged(found);
      if (contents === undefined || !isSameLook(found, this.#look())) continue;
      this.events.push(...levelChanges(this.#known, found, (path) => contents.get(path)));
      this.#known = found;
      return;
    }
  }

  /** Reads each new or changed file; undefined if one has disappeared. */
  #readChanged(found: ReadonlyMap<string, FoundFile>): Map<string, Uint8Array> | undefined {
    const contents = new Map<string, Uint8Array>();
    for (const [path, file] of found) {
      const known = this.#known.get(path);
      if (file.isDirectory || (known !== undefined && isUnchanged(known, file))) continue;
      try {
        contents.set(path, Uint8Array.from(readFileSync(`${this.#root}/${path}`)));
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
        return undefined;
      }
    }
    return contents;
  }

  #look(): Map<string, FoundFile> {
    const found = new Map<string, FoundFile>();
    const visit = (directory: string) => {
      for (const name of readdirSync(`${this.#root}/${directory}`)) {
        if (IGNORED_NAMES.has(name)) continue;
        const path = directory === '' ? name : `${directory}/${name}`;
        const file = findFile(`${this.#root}/${path}`);
        if (file === undefined) continue;
        found.set(path, file);
        if (file.isDirectory) visit(path);
      }
    };
    visit('');
    return found;
  }
}

/**
 * Whether two scans are equal. Directories are not compared by their status, which changes with every name, but
 * name by name.
 */
function isSameLook(a: ReadonlyMap<string, FoundFile>, b: ReadonlyMap<string, FoundFile>): boolean {
  if (a.size !== b.size) return false;
  for (const [path, file] of a) {
    const again = b.get(path);
    if (again === undefined || again.isDirectory !== file.isDirectory) return false;
    if (!file.isDirectory && !isUnchanged(file, again)) return false;
  }
  return true;
}

const NO_BYTES = new Uint8Array(0);

function findFile(path: string): FoundFile | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return {
    isDirectory: stats.isDirectory(),
    inode: stats.ino,
    sizeBytes: stats.size,
    changedMs: stats.mtimeMs,
    bytes: NO_BYTES,
  };
}
