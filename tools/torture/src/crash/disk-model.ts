// A model of a disk that tracks what a power cut may undo.
//
// Every file has synced and unsynced bytes; every directory has synced names and unsynced changes to them. A
// crash state keeps everything that is synced and any choice of the rest:
//
//   - each unsynced change of a name (create, link, unlink, rename, mkdir, rmdir) is present or not,
//     independently of all others; an fsync of the file does not save its name;
//   - a file's unsynced bytes are present, absent, or torn: the last write is truncated or is zeroes;
//   - a rename within a directory is one change; a file moved between directories is two.
//
// disk-file.ts describes what an fsync of a file makes durable and what a failed write-back loses.
//
// LevelDB's own changes to the current generation are kept in order, as journalling file systems do: LevelDB
// unlinks an old MANIFEST without fsyncing the rename that replaced it, which no code above it could make safe.
// Nor are records of its MANIFEST replaced by zeroes. LevelDB's fsyncs of files count, because it uses the
// descriptors with which it wrote them; its fsyncs of a directory count only in the current generation.
import { createHash } from 'node:crypto';
import {
  bytesOf,
  type FileFate,
  type FileNode,
  fatesOf,
  type OpenDescriptor,
  syncFile,
} from './disk-file.js';
import { choices, type StateLimits } from './loss-choices.js';

/** A step of a trace. Paths are relative to the recorded directory, with forward slashes. */
export type DiskEvent =
  | {
      readonly kind: 'create';
      readonly path: string;
      /** The file's descriptor, open from now on. */
      readonly descriptor?: number;
      readonly level?: boolean;
    }
  | { readonly kind: 'open'; readonly path: string; readonly descriptor: number }
  | {
      readonly kind: 'write';
      readonly path: string;
      /** The descriptor of the written file, whatever its current names. @defaultValue the file at the path */
      readonly descriptor?: number;
      readonly bytes: Uint8Array;
      /** Whether the write is present or absent as a whole, never torn. */
      readonly whole?: boolean;
    }
  /** Without a descriptor, the event concerns the one with which LevelDB wrote the file. */
  | { readonly kind: 'sync'; readonly path: string; readonly descriptor?: number }
  | { readonly kind: 'close'; readonly path: string; readonly descriptor: number }
  | { readonly kind: 'link'; readonly from: string; readonly path: string }
  | {
      readonly kind: 'rename';
      readonly from: string;
      readonly path: string;
      readonly level?: boolean;
    }
  | { readonly kind: 'unlink'; readonly path: string; readonly level?: boolean }
  | { readonly kind: 'mkdir'; readonly path: string; readonly level?: boolean }
  | { readonly kind: 'fsyncDir'; readonly path: string; readonly level?: boolean };

interface DirectoryNode {
  readonly kind: 'directory';
  readonly now: Map<string, DiskNode>;
  readonly durable: Map<string, DiskNode>;
}

type DiskNode = FileNode | DirectoryNode;

interface NameChange {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: DiskNode | undefined;
}

interface PendingChange {
  readonly what: string;
  readonly changes: readonly NameChange[];
  /** If set, the change is lost only together with all later changes of this directory. */
  readonly orderedIn: DirectoryNode | undefined;
}

interface FileContents {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** A file of a crash state; several paths may share one. */
export interface StateFile {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** The files by path, and the directories, that a power cut left. */
export interface DiskState {
  readonly hash: string;
  /** A description of what was lost. */
  readonly lost: string;
  readonly files: ReadonlyMap<string, StateFile>;
  readonly directories: readonly string[];
}

export class DiskModel {
  readonly #root: DirectoryNode = newDirectory();
  #pending: PendingChange[] = [];
  #nextId = 1;
  readonly #descriptors = new Map<number, OpenDescriptor>();
  /** Contents by file and fate, cached because states share most of their files. */
  readonly #contents = new Map<string, FileContents>();

  apply(event: DiskEvent): void {
    switch (event.kind) {
      case 'create': {
        const node: FileNode = {
          kind: 'file',
          id: this.#nextId++,
          chunks: [],
          synced: 0,
          doubtful: new Set(),
          mayBeTorn: true,
          mayBeZeroed: true,
        };
        this.#change(event.path, node, event.level);
        if (event.descriptor !== undefined) this.#open(event.descriptor, node);
        return;
      }
      case 'open':
        this.#open(event.descriptor, this.#file(event.path));
        return;
      case 'close':
        this.#descriptors.delete(event.descriptor);
        return;
      case 'write': {
        const file = this.#opened(event).file;
        file.mayBeTorn = event.whole !== true;
        file.mayBeZeroed = !(isManifest(event.path) && this.#inForce(event.path));
        if (event.bytes.byteLength > 0) file.chunks.push(event.bytes);
        return;
      }
      case 'sync':
        syncFile(this.#opened(event));
        return;
      case 'link':
        this.#change(event.path, this.#file(event.from), false);
        return;
      case 'rename':
        this.#rename(event.from, event.path, event.level);
        return;
      case 'unlink':
        this.#change(event.path, undefined, event.level);
        return;
      case 'mkdir':
        this.#change(event.path, newDirectory(), event.level);
        return;
      case 'fsyncDir':
        if (event.level && !this.#inForce(`${event.path}/`)) return;
        this.#fsyncDir(this.#directory(event.path));
        return;
    }
  }

  /** Makes everything durable: the initial state of a trace. */
  syncAll(): void {
    const visit = (directory: DirectoryNode) => {
      directory.durable.clear();
      for (const [name, node] of directory.now) {
        directory.durable.set(name, node);
        if (node.kind === 'directory') visit(node);
        else syncFile({ file: node, since: 0 });
      }
    };
    visit(this.#root);
    this.#pending = [];
  }

  /** Yields the states that a power cut at this moment can leave; a state may occur twice. */
  *crashStates(limits: StateLimits, random: () => number): Generator<DiskState> {
    const files = this.#unsyncedFiles();
    const fates = files.map(fatesOf);
    // Choice 0 of an item keeps everything.
    const sizes = [...this.#pending.map(() => 2), ...fates.map((options) => options.length)];
    for (const choice of choices(sizes, limits, random)) {
      const lost = this.#pending.filter((_, index) => choice[index] !== 0);
      const chosen = new Map<number, FileFate>();
      for (const [index, file] of files.entries()) {
        const fate = fates[index]?.[choice[this.#pending.length + index] ?? 0];
        if (fate !== undefined) chosen.set(file.id, fate);
      }
      yield this.#state(new Set(lost), chosen);
    }
  }

  #state(lost: ReadonlySet<PendingChange>, fates: ReadonlyMap<number, FileFate>): DiskState {
    const names = new Map<DirectoryNode, Map<string, DiskNode>>();
    const namesOf = (directory: DirectoryNode) => {
      let current = names.get(directory);
      if (current === undefined) {
        current = new Map(directory.durable);
        names.set(directory, current);
      }
      return current;
    };
    const split = new Set<DirectoryNode>();
    for (const pending of this.#pending) {
      if (pending.orderedIn !== undefined) {
        if (lost.has(pending)) split.add(pending.orderedIn);
        if (split.has(pending.orderedIn)) continue;
      } else if (lost.has(pending)) {
        continue;
      }
      for (const { directory, name, node } of pending.changes) {
        if (node === undefined) namesOf(directory).delete(name);
        else namesOf(directory).set(name, node);
      }
    }
    const files = new Map<string, StateFile>();
    const directories: string[] = [];
    const hash = createHash('sha1');
    const visit = (directory: DirectoryNode, path: string) => {
      for (const [name, node] of [...namesOf(directory)].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const child = path === '' ? name : `${path}/${name}`;
        if (node.kind === 'directory') {
          directories.push(child);
          hash.update(`${child}\0`);
          visit(node, child);
        } else {
          const fate = fates.get(node.id);
          const { bytes, digest } = this.#contentsOf(node, fate);
          files.set(child, { id: node.id, bytes });
          hash.update(`${child}\0${digest}\0`);
        }
      }
    };
    visit(this.#root, '');
    const torn = [...fates].map(
      ([id, { chunks, extraBytes, zeroed, lost: isLost }]) =>
        `file ${id}: ${chunks}+${extraBytes}${zeroed ? ' zeroes' : ''}${isLost ? ' lost in write-back' : ''}`,
    );
    const unnamed = [...lost].map(({ what }) => what);
    return { hash: hash.digest('hex'), lost: [...unnamed, ...torn].join('; '), files, directories };
  }

  #contentsOf(file: FileNode, fate: FileFate | undefined): FileContents {
    const length = fate === undefined ? `${file.chunks.length}` : Object.values(fate).join();
    const lost = fate?.lost ? [...file.doubtful].join() : '';
    const key = `${file.id}:${length}:${lost}`;
    let contents = this.#contents.get(key);
    if (contents === undefined) {
      const bytes = bytesOf(file, fate);
      contents = { bytes, digest: createHash('sha1').update(bytes).digest('hex') };
      this.#contents.set(key, contents);
    }
    return contents;
  }

  /** Files with unsynced bytes that have a durable or pending name. */
  #unsyncedFiles(): FileNode[] {
    const found = new Set<FileNode>();
    const seen = new Set<DirectoryNode>();
    const visit = (node: DiskNode | undefined) => {
      if (node === undefined) return;
      if (node.kind === 'file') {
        if (node.synced < node.chunks.length || node.doubtful.size > 0) found.add(node);
      } else if (!seen.has(node)) {
        seen.add(node);
        for (const child of node.durable.values()) visit(child);
        for (const child of node.now.values()) visit(child);
      }
    };
    visit(this.#root);
    for (const { changes } of this.#pending) for (const { node } of changes) visit(node);
    return [...found];
  }

  #open(descriptor: number, file: FileNode): void {
    this.#descriptors.set(descriptor, { file, since: file.chunks.length });
  }

  /** The descriptor of an event; if it has none, LevelDB's, which has been open since the file was created. */
  #opened({ path, descriptor }: { readonly path: string; readonly descriptor?: number }) {
    if (descriptor === undefined) return { file: this.#file(path), since: 0 };
    const opened = this.#descriptors.get(descriptor);
    if (opened === undefined) throw new Error(`the trace uses a closed descriptor of ${path}`);
    return opened;
  }

  #rename(from: string, to: string, level: boolean | undefined): void {
    const node = this.#node(from);
    if (node === undefined) throw new Error(`the trace renames ${from}, which does not exist`);
    const source = this.#place(from);
    const target = this.#place(to);
    source.directory.now.delete(source.name);
    target.directory.now.set(target.name, node);
    const halves: NameChange[] = [
      { ...target, node },
      { ...source, node: undefined },
    ];
    const orderedIn = level && this.#inForce(to) ? target.directory : undefined;
    if (source.directory === target.directory || node.kind === 'directory') {
      this.#pending.push({ what: `${from} to ${to}`, changes: halves, orderedIn });
    } else {
      const [set, remove] = halves;
      if (set) this.#pending.push({ what: `to ${to}`, changes: [set], orderedIn: undefined });
      if (remove)
        this.#pending.push({ what: `from ${from}`, changes: [remove], orderedIn: undefined });
    }
  }

  #change(path: string, node: DiskNode | undefined, level: boolean | undefined): void {
    const { directory, name } = this.#place(path);
    if (node === undefined) directory.now.delete(name);
    else directory.now.set(name, node);
    const orderedIn = level && this.#inForce(path) ? directory : undefined;
    const what = `${node === undefined ? 'no ' : ''}${path}`;
    this.#pending.push({ what, changes: [{ directory, name, node }], orderedIn });
  }

  #fsyncDir(directory: DirectoryNode): void {
    const left: PendingChange[] = [];
    for (const pending of this.#pending) {
      if (!pending.changes.some((change) => change.directory === directory)) {
        left.push(pending);
        continue;
      }
      for (const change of pending.changes) {
        if (change.node === undefined) change.directory.durable.delete(change.name);
        else change.directory.durable.set(change.name, change.node);
      }
    }
    this.#pending = left;
  }

  /** Whether a file lies in the current generation of its store or in a plain database. */
  #inForce(path: string): boolean {
    const [store, generation] = [path.split('/').slice(0, -2), path.split('/').at(-2) ?? ''];
    if (!generation.startsWith('gen-')) return !store.includes('readers');
    const current = this.#node([...store, 'CURRENT'].join('/'));
    if (current?.kind !== 'file') return false;
    return Buffer.concat(current.chunks).toString('latin1') === `${generation}\n`;
  }

  #place(path: string): { directory: DirectoryNode; name: string } {
    const split = path.lastIndexOf('/');
    return {
      directory: this.#directory(path.slice(0, Math.max(split, 0))),
      name: path.slice(split + 1),
    };
  }

  #node(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.#root;
    for (const name of path === '' ? [] : path.split('/')) {
      node = node?.kind === 'directory' ? node.now.get(name) : undefined;
    }
    return node;
  }

  #directory(path: string): DirectoryNode {
    const node = this.#node(path);
    if (node?.kind !== 'directory') throw new Error(`the trace has no directory ${path}`);
    return node;
  }

  #file(path: string): FileNode {
    const node = this.#node(path);
    if (node?.kind !== 'file') throw new Error(`the trace has no file ${path}`);
    return node;
  }
}

function newDirectory(): DirectoryNode {
  return { kind: 'directory', now: new Map(), durable: new Map() };
}

function isManifest(path: string): boolean {
  return path.includes('/MANIFEST-');
}
