// One recorded course of events: stores under a directory, what is done to them, and what they promise
// from which moment on.

import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { byteEncodings, type EntryPages, type ReadWriteEngine, type Span } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import type { CrashTarget, Entries, Region, TargetBounds } from './crash-checker.js';
import { FileRecorder } from './file-recorder.js';

export type ByteStore = Store<Uint8Array, Uint8Array>;

/** What changes in a promise. */
export interface Mark {
  readonly target: number;
  /** Undefined where the store itself has been made. */
  readonly region?: number;
  readonly least?: number;
  readonly most?: number;
}

interface LevelDatabaseHook {
  readonly location: string;
}
type Write = (this: LevelDatabaseHook, ...args: unknown[]) => Promise<void>;

/** A scenario prepares its stores, calls `begin`, and does what is to be recorded. */
export class CrashRecording {
  readonly directory: string;
  readonly random: () => number;
  readonly targets: CrashTarget[] = [];
  readonly #startingBounds: TargetBounds[] = [];
  #recorder: FileRecorder<Mark> | undefined;
  #unhook: () => void = () => undefined;

  constructor(directory: string, random: () => number) {
    mkdirSync(directory, { recursive: true });
    this.directory = realpathSync.native(directory);
    this.random = random;
  }

  path(name: string): string {
    return `${this.directory}/${name}`;
  }

  /** A whole number in `[least, most]`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** A store whose state is checked; every region begins at version 0. */
  target(path: string, regions: readonly Region[], made = true): number {
    const zeroes = regions.map(() => 0);
    this.#startingBounds.push({ made, least: zeroes, most: zeroes });
    return this.targets.push({ path, regions }) - 1;
  }

  /** What there is now was synced long ago; from here on all is recorded. */
  begin(): void {
    this.#recorder = new FileRecorder(this.directory);
    this.#hookSyncedWrites();
  }

  get recorder(): FileRecorder<Mark> {
    if (this.#recorder === undefined) throw new Error('the recording has not begun');
    return this.#recorder;
  }

  get startingBounds(): readonly TargetBounds[] {
    return this.#startingBounds;
  }

  /** The region may be at `version` from now on. */
  begun(target: number, region: number, version: number): void {
    this.recorder.mark({ target, region, most: version });
  }

  /** The region is at `version` at least. */
  promised(target: number, region: number, version: number): void {
    this.recorder.mark({ target, region, least: version });
  }

  /** Replaces a region as one, and says so before and after. */
  async replacing(target: number, region: number, version: number, act: () => Promise<unknown>) {
    this.begun(target, region, version);
    await act();
    this.promised(target, region, version);
  }

  made(target: number): void {
    this.recorder.mark({ target });
  }

  /** A store over the recorder, open. */
  async openRecorded(name: string): Promise<ByteStore> {
    return openByteStore(this.path(name), this.recorder.fileSystem);
  }

  end(): void {
    this.#unhook();
    this.#recorder?.end();
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The port does not see LevelDB's own syncs: of writes with `sync` we know when they return. */
  #hookSyncedWrites(): void {
    const prototype = levelPrototype;
    if (prototype === undefined) throw new Error('prepare a store before recording begins');
    const recorder = this.recorder;
    const inside = `${this.directory}/`;
    const originals = (['_put', '_del', '_batch'] as const).map((name) => {
      const original = prototype[name];
      prototype[name] = async function (...args) {
        await original.apply(this, args);
        const options = args.at(-1) as { sync?: boolean } | undefined;
        if (options?.sync === true && this.location.startsWith(inside)) {
          recorder.levelSynced(this.location);
        }
      };
      return [name, original] as const;
    });
    this.#unhook = () => {
      for (const [name, original] of originals) prototype[name] = original;
    };
  }
}

let levelPrototype: Record<'_put' | '_del' | '_batch', Write> | undefined;

async function openByteStore(
  path: string,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<ByteStore> {
  const store: ByteStore = new Store(path, {
    ...byteEncodings,
    fileSystem,
    shareTablesFromBytes: 0,
  });
  await store.open();
  // The class of the databases inside: classic-level's, whichever copy of it the engine has.
  const { generation } = store as unknown as { generation: { database: object } };
  levelPrototype ??= Object.getPrototypeOf(generation.database) as typeof levelPrototype;
  return store;
}

/** Makes a store of several tables: each member of `layers` is flushed by itself, newer over older. */
export async function prepareStore(
  path: string,
  layers: readonly Entries[],
  unflushed: Entries = [],
): Promise<void> {
  const store = await openByteStore(path);
  try {
    for (const entries of layers) {
      await writeEntries(store, entries);
      // An inverted range flushes and compacts nothing.
      await store.compactRange(new Uint8Array(64).fill(0xff), new Uint8Array(0));
    }
    await writeEntries(store, unflushed);
  } finally {
    await store.close();
  }
}

export async function writeEntries(
  store: ReadWriteEngine,
  entries: Entries,
  sync = true,
): Promise<void> {
  await store.batch(
    entries.map(
      ([key, value]) => ({ type: 'put', key: latin1(key), value: latin1(value) }) as const,
    ),
    { ...byteEncodings, sync },
  );
}

export function latin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function span(start: string, end: string): Span {
  return { start: latin1(start), end: latin1(end) };
}

/** Entries as the pages that `replaceSpans` takes. */
export async function* pagesOf(entries: Entries): EntryPages {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let index = 0; index < sorted.length; index += 50) {
    yield sorted
      .slice(index, index + 50)
      .map(([key, value]) => [latin1(key), latin1(value)] as const);
  }
}

/** `count` entries under a prefix, with values that tell their version. */
export function entriesOf(prefix: string, count: number, version: string, pad = 0): Entries {
  return Array.from({ length: count }, (_, index) => {
    const number = String(index).padStart(4, '0');
    return [`${prefix}${number}`, `${version}-${number}${'.'.repeat(pad)}`] as const;
  });
}
