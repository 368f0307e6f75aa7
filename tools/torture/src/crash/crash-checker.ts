// The process that opens crash states. A violated invariant inside LevelDB aborts the process, which must be
// one failure and not the end of the family.
//
// For each state it opens the store, reads everything by iteration and by get, closes it, checks what is left
// in the directory, and opens it again. A store whose creation was interrupted may be absent or empty. A copy that was
// interrupted may be absent; no store is made in its place.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { byteEncodings, type ReadWriteEngine, type Span } from '@sstitch/contract';
import { EngineError, Store } from '@sstitch/engine';
import { nodeFileSystem } from '@sstitch/sst';

/** Entries in key order. Keys and values are latin1 strings, with one character for each byte. */
export type Entries = ReadonlyArray<readonly [key: string, value: string]>;

/**
 * Keys that one batch or one commit replaces, so that they change from version to version as a whole. Every key
 * belongs to one region.
 */
export interface Region {
  readonly versions: readonly Entries[];
}

/** A store in the directory of a state, and its possible content. */
export interface CrashTarget {
  /** The path relative to the state's directory. */
  readonly path: string;
  readonly regions: readonly Region[];
  /** What makes it: nothing, as it is there when the recording begins; an open; or a checkpoint or an adoption. */
  readonly origin: 'there' | 'opened' | 'copied';
}

/** The possible content of a target at one moment: each region is at a version from `least` to `most`. */
export interface TargetBounds {
  /** Whether the creation of the store has returned, so that the store must exist. */
  readonly made: boolean;
  readonly least: readonly number[];
  readonly most: readonly number[];
}

export type CheckerRequest =
  | { readonly kind: 'scenario'; readonly targets: readonly CrashTarget[] }
  | {
      readonly kind: 'state';
      readonly id: number;
      readonly directory: string;
      readonly bounds: readonly TargetBounds[];
      /** Whether to make a further commit. */
      readonly thorough: boolean;
    };

export interface CheckerResponse {
  readonly id: number;
  readonly failure: string | undefined;
}

type ByteStore = Store<Uint8Array, Uint8Array>;

/** Checks one state and removes its directory. Throws if the state violates a guarantee. */
export async function checkCrashState(
  directory: string,
  targets: readonly CrashTarget[],
  bounds: readonly TargetBounds[],
  thorough: boolean,
): Promise<void> {
  try {
    for (const [index, target] of targets.entries()) {
      const bound = bounds[index];
      if (bound !== undefined)
        await checkTarget(`${directory}/${target.path}`, target, bound, thorough);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function checkTarget(
  path: string,
  target: CrashTarget,
  bounds: TargetBounds,
  thorough: boolean,
): Promise<void> {
  let first: Map<string, string> | undefined;
  try {
    first = await contentsOnce(path, false, thorough);
    checkContents(first, target, bounds, false);
  } catch (error) {
    const absent = error instanceof EngineError && error.code === 'SSTITCH_STORE_NOT_FOUND';
    if (bounds.made || !absent) throw error;
    if (target.origin === 'copied' && existsSync(`${path}/staging`)) {
      await checkRefused(path);
      return;
    }
    first = await contentsOnce(path, true, thorough);
    checkContents(first, target, bounds, true);
  }
  checkTidy(path);
  const second = await contentsOnce(path, false, false);
  if (!sameContents(first, second)) throw new Error('the second open finds other entries');
}

/** Checks that no store is made where a copy was interrupted. */
async function checkRefused(path: string): Promise<void> {
  const error: unknown = await contentsOnce(path, true, false).catch((thrown: unknown) => thrown);
  if (error instanceof EngineError && error.code === 'SSTITCH_STORE_FORMAT') return;
  throw new Error('an interrupted copy is not refused', { cause: error });
}

async function contentsOnce(
  path: string,
  createIfMissing: boolean,
  thorough: boolean,
): Promise<Map<string, string>> {
  const store: ByteStore = new Store(path, {
    ...byteEncodings,
    createIfMissing,
    fileSystem: nodeFileSystem,
    shareTablesFromBytes: 0,
  });
  try {
    await store.open().catch((error: { cause?: unknown }) => {
      throw error.cause instanceof EngineError ? error.cause : error;
    });
    const contents = await readAll(store);
    if (thorough) {
      await store.excise([NOTHING]);
      await putProbe(store);
      await store.excise([PROBE_SPAN]);
      if (!sameContents(contents, await readAll(store))) {
        throw new Error('a commit changed entries outside its spans');
      }
    }
    return contents;
  } finally {
    await store.close();
  }
}

function putProbe(engine: ReadWriteEngine): Promise<void> {
  const options = { ...byteEncodings, sync: true };
  return engine.batch([{ type: 'put', key: PROBE, value: PROBE }], options);
}

const PROBE = Buffer.from([0xfe, 0xfe]);
const PROBE_SPAN: Span = { start: PROBE, end: Buffer.from([0xfe, 0xff]) };
const NOTHING: Span = { start: Buffer.from([0xff]), end: Buffer.from([0xff, 0xff]) };

/** Reads all entries by iteration and compares each with get. */
async function readAll(store: ByteStore): Promise<Map<string, string>> {
  const entries = await store.iterator(byteEncodings).all();
  const keys = entries.map(([key]) => key);
  const values = await store.getMany(keys, byteEncodings);
  const contents = new Map<string, string>();
  for (const [index, [key, value]] of entries.entries()) {
    const got = values[index];
    const text = latin1(key);
    if (got === undefined || latin1(got) !== latin1(value)) {
      throw new Error(`get and iteration differ at ${JSON.stringify(text)}`);
    }
    if (contents.has(text)) throw new Error(`iteration returns ${JSON.stringify(text)} twice`);
    contents.set(text, latin1(value));
  }
  return contents;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function sameContents(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

function checkContents(
  contents: ReadonlyMap<string, string>,
  target: CrashTarget,
  bounds: TargetBounds,
  mayBeEmpty: boolean,
): void {
  if (mayBeEmpty && contents.size === 0) return;
  const known = new Set<string>();
  for (const [index, { versions }] of target.regions.entries()) {
    const keys = new Set(versions.flatMap((entries) => entries.map(([key]) => key)));
    for (const key of keys) known.add(key);
    const least = bounds.least[index] ?? 0;
    const most = bounds.most[index] ?? 0;
    const held = versions.findIndex(
      (entries, version) =>
        version >= least && version <= most && holdsExactly(contents, entries, keys),
    );
    if (held < 0) {
      const found = [...keys].filter((key) => contents.has(key)).sort();
      throw new Error(
        `region ${index} is at none of its versions ${least} to ${most}: of ${keys.size} keys it ` +
          `holds ${found.length}, ${JSON.stringify(found.slice(0, 5).map((key) => [key, contents.get(key)]))}`,
      );
    }
  }
  for (const key of contents.keys()) {
    if (!known.has(key)) throw new Error(`a key that was never written: ${JSON.stringify(key)}`);
  }
}

function holdsExactly(
  contents: ReadonlyMap<string, string>,
  entries: Entries,
  keys: ReadonlySet<string>,
): boolean {
  let held = 0;
  for (const key of keys) if (contents.has(key)) held++;
  return held === entries.length && entries.every(([key, value]) => contents.get(key) === value);
}

const STORE_FILES = new Set(['CURRENT', 'FORMAT', 'RESERVE']);

/** Checks that the directory holds one generation, an empty staging directory, and no temporary CURRENT. */
function checkTidy(path: string): void {
  const names = readdirSync(path).filter((name) => {
    const isEmptied = name === 'staging' || name === 'readers';
    return !isEmptied || readdirSync(`${path}/${name}`).length > 0;
  });
  const others = names.filter((name) => !STORE_FILES.has(name));
  if (others.length !== 1 || !others[0]?.startsWith('gen-')) {
    throw new Error(`the store's directory holds ${names.join(', ')}`);
  }
}

/** Serves requests until the parent disconnects. */
function serve(): void {
  let targets: readonly CrashTarget[] = [];
  process.on('message', (request: CheckerRequest) => {
    if (request.kind === 'scenario') {
      targets = request.targets;
      return;
    }
    const { id, directory, bounds, thorough } = request;
    checkCrashState(directory, targets, bounds, thorough).then(
      () => process.send?.({ id, failure: undefined } satisfies CheckerResponse),
      (error: unknown) => {
        const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
        process.send?.({ id, failure } satisfies CheckerResponse);
      },
    );
  });
  process.on('disconnect', () => process.exit());
}

if (process.send !== undefined && process.argv[1]?.includes('crash-checker')) serve();
