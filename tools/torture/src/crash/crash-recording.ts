// A recording: stores in a directory, the operations on them, and the guarantees that hold from each moment on.

import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { byteEncodings, type EntryPages, type ReadWriteEngine, type Span } from '@sstitch/contract';
import { Store } from '@sstitch/engine';
import { type FileSystem, nodeFileSystem } from '@sstitch/sst';
import type { CrashTarget, Entries, Region, TargetBounds } from './crash-checker.js';
import { FileRecorder } from './file-recorder.js';

export type ByteStore = Store<Uint8Array, Uint8Array>;

/** A change of a guarantee. */
export interface Mark {
  readonly target: number;
  /** Undefined if the store itself was created. */
  readonly region?: number;
  readonly least?: number;
  readonly most?: number;
}

interface LevelDatabaseHook {
  readonly location: string;
}
type Write = (this: LevelDatabaseHook, ...args: unknown[]) => Promise<void>;

/** Records a scenario, which prepares its stores, calls `begin`, and performs the operations to record. */
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

  /** A random integer from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** Registers a store to check; every region begins at version 0. */
  target(
    path: string,
    regions: readonly Region[],
    origin: CrashTarget['origin'] = 'there',
  ): number {
    const zeroes = regions.map(() => 0);
    this.#startingBounds.push({ made: origin === 'there', least: zeroes, most: zeroes });
    return this.targets.push({ path, regions, origin }) - 1;
  }

  /** Begins the recording; everything that exists counts as synced. */
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

  /** From now on the region may be at `version`. */
  begun(target: number, region: number, version: number): void {
    this.recorder.mark({ target, region, most: version });
  }

  /** From now on the region is at least at `version`. */
  promised(target: number, region: number, version: number): void {
    this.recorder.mark({ target, region, least: version });
  }

  /** Replaces a region as a whole, and records its possible versions before and after. */
  async replacing(target: number, region: number, version: number, act: () => Promise<unknown>) {
    this.begun(target, region, version);
    await act();
    this.promised(target, region, version);
  }

  made(target: number): void {
    this.recorder.mark({ target });
  }

  /** Opens a store on the recorder's file system. */
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

  /** Observes when synced writes return: the port does not see LevelDB's own fsyncs. */
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
  // The class of the inner databases: that of the copy of classic-level that the engine uses.
  const { generation } = store as unknown as { generation: { database: object } };
  levelPrototype ??= Object.getPrototypeOf(generation.database) as typeof levelPrototype;
  return store;
}

/** Creates a store of several tables: each member of `layers` is flushed separately, newer over older. */
export async function prepareStore(
  path: string,
  layers: readonly Entries[],
  unflushed: Entries = [],
): Promise<void> {
  const store = await openByteStore(path);
  try {
    for (const entries of layers) {
      await writeEntries(store, entries);
      // A compaction of an inverted range only flushes the memtable.
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

/** Yields entries in pages for `replaceSpans`. */
export async function* pagesOf(entries: Entries): EntryPages {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let index = 0; index < sorted.length; index += 50) {
    yield sorted
      .slice(index, index + 50)
      .map(([key, value]) => [latin1(key), latin1(value)] as const);
  }
}

/** Builds `count` entries under a prefix, with values that identify their version. */
export function entriesOf(prefix: string, count: number, version: string, pad = 0): Entries {
  return Array.from({ length: count }, (_, index) => {
    const number = String(index).padStart(4, '0');
    return [`${prefix}${number}`, `${version}-${number}${'.'.repeat(pad)}`] as const;
  });
}
