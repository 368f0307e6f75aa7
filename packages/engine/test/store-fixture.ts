// Stores for tests, and the check that ends nearly all of them: iteration and get both return what a Map holds,
// before and after a full compaction and a reopen.
//
// Keys and values are latin1 strings here: one character per byte, so that 00 and FF are easy to write.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryPages, ReadableEngine, Span } from '@sstitch/contract';
import { nodeFileSystem } from '@sstitch/sst';
import { expect, onTestFinished } from 'vitest';
import { EngineError } from '../src/errors.js';
import { Store, type StoreOptions } from '../src/index.js';

export type ByteStore = Store<Uint8Array, Uint8Array>;
/** Maps keys to values, both latin1. */
export type Contents = Map<string, string>;

export const VIEW = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const TOP = new Uint8Array(80).fill(0xff);

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** Makes the span `[start, end)`. Without an end it reaches to the end of all keys. */
export function span(start: string, end?: string): Span {
  return { start: bytes(start), end: end === undefined ? undefined : bytes(end) };
}

/** Makes a directory that is removed after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-engine-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export type FixtureOptions = StoreOptions<Uint8Array, Uint8Array>;

/** Opens a store whose file work runs in this thread, unless the options say otherwise. */
export function openStore(path: string, options: FixtureOptions = {}): Promise<ByteStore> {
  return openThreadedStore(path, { fileSystem: nodeFileSystem, ...options });
}

/** Opens a store whose file work runs in worker threads (of the built package). */
export async function openThreadedStore(
  path: string,
  options: FixtureOptions = {},
): Promise<ByteStore> {
  const store: ByteStore = new Store(path, {
    ...VIEW,
    shareTablesFromBytes: 0,
    diskReserveBytes: 0,
    ...options,
  });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

export async function put(store: ByteStore, entries: Iterable<readonly [string, string]>) {
  await store.batch(
    [...entries].map(([key, value]) => ({ type: 'put', key: bytes(key), value: bytes(value) })),
  );
}

/** Reads every entry by iteration. */
export async function contentsOf(
  store: ReadableEngine,
  options: Omit<Parameters<ReadableEngine['iterator']>[0], keyof typeof VIEW> = {},
): Promise<Contents> {
  const iterator = store.iterator({ ...VIEW, ...options });
  const contents: Contents = new Map();
  try {
    for (;;) {
      const page = await iterator.nextv(1000);
      if (page.length === 0) return contents;
      for (const [key, value] of page) contents.set(text(key), text(value));
    }
  } finally {
    await iterator.close();
  }
}

/** Checks that iteration and get return exactly `expected`, and that neither returns a key of `absent`. */
export async function expectContents(
  store: ReadableEngine,
  expected: Contents,
  absent: Iterable<string> = [],
  snapshot?: ReturnType<ReadableEngine['snapshot']>,
): Promise<void> {
  const options = snapshot === undefined ? {} : { snapshot };
  const sorted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1));
  expect([...(await contentsOf(store, options))]).toEqual(sorted);
  const keys = [...expected.keys(), ...[...absent].filter((key) => !expected.has(key))];
  const values = await store.getMany(keys.map(bytes), { ...VIEW, ...options });
  expect(keys.map((key, index) => [key, valueText(values[index])])).toEqual(
    keys.map((key) => [key, expected.get(key)]),
  );
}

function valueText(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : text(value);
}

/** Runs `expectContents` now, after a full compaction and after a reopen. Returns the reopened store. */
export async function expectContentsThroughout(
  store: ByteStore,
  expected: Contents,
  absent: Iterable<string> = [],
  options: FixtureOptions = {},
): Promise<ByteStore> {
  await expectContents(store, expected, absent);
  await compactFully(store);
  await expectContents(store, expected, absent);
  await store.close();
  expectTidy(store.location);
  const reopened = await openStore(store.location, options);
  await expectContents(reopened, expected, absent);
  return reopened;
}

export async function compactFully(store: ByteStore): Promise<void> {
  await store.compactRange(new Uint8Array(0), TOP);
}

/** The file names that LevelDB uses. It never removes a file with another name. */
const LEVEL_NAMES = /^(CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.(ldb|sst|log))$/;

/** Checks that a store's directory holds one generation only, and that generation LevelDB's files only. */
export function expectTidy(path: string): void {
  const names = readdirSync(path).filter((name) => name !== 'CURRENT.tmp');
  expect(
    names.filter((name) => !/^gen-\d{6}$/.test(name) && !isEmptyDirectory(path, name)),
  ).toEqual(['CURRENT', 'FORMAT']);
  const generations = names.filter((name) => name.startsWith('gen-'));
  expect(generations).toHaveLength(1);
  const files = generations.flatMap((name) => readdirSync(join(path, name)));
  expect(files.filter((name) => !LEVEL_NAMES.test(name))).toEqual([]);
}

function isEmptyDirectory(path: string, name: string): boolean {
  return ['staging', 'readers'].includes(name) && readdirSync(join(path, name)).length === 0;
}

/** Returns the names of the generations' directories. */
export function generationNames(path: string): string[] {
  return existsSync(path) ? readdirSync(path).filter((name) => name.startsWith('gen-')) : [];
}

/** Returns the directory of the current generation. */
export async function currentDirectory(store: ByteStore): Promise<string> {
  const { generation } = await store.metrics();
  return join(store.location, `gen-${String(generation).padStart(6, '0')}`);
}

let extractDirectories = 0;

/** Returns a directory path next to a store, which an extract can create and which is removed after the test. */
export function besideStore(store: ByteStore): string {
  return `${store.location}-extracted-${++extractDirectories}`;
}

/** Replaces the entries of a model inside the spans. */
export function replaceInModel(model: Contents, spans: readonly Span[], incoming: Contents): void {
  for (const key of [...model.keys()]) if (isInside(spans, key)) model.delete(key);
  for (const [key, value] of incoming) model.set(key, value);
}

export function isInside(spans: readonly Span[], key: string): boolean {
  return spans.some(
    ({ start, end }) => text(start) <= key && (end === undefined || key < text(end)),
  );
}

/** Sorts entries into the pages that `replaceSpans` accepts. */
export async function* pagesOf(contents: Contents, pageEntries = 100): EntryPages {
  const sorted = [...contents].sort(([a], [b]) => (a < b ? -1 : 1));
  for (let index = 0; index < sorted.length; index += pageEntries) {
    yield sorted
      .slice(index, index + pageEntries)
      .map(([key, value]) => [bytes(key), bytes(value)] as const);
  }
}

/** Makes `count` entries under a prefix: "p0000", "p0001", … */
export function numbered(prefix: string, count: number, value: string): Contents {
  const contents: Contents = new Map();
  for (let index = 0; index < count; index++) {
    contents.set(`${prefix}${String(index).padStart(4, '0')}`, `${value}-${index}`);
  }
  return contents;
}

/** Returns the error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<EngineError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

/** Returns the cause of abstract-level's LEVEL_DATABASE_NOT_OPEN when a store does not open. */
export async function openFailure(
  path: string,
  options: FixtureOptions = {},
): Promise<EngineError> {
  const store: ByteStore = new Store(path, { ...VIEW, fileSystem: nodeFileSystem, ...options });
  const error = (await store.open().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as { code?: unknown; cause?: unknown } | undefined;
  expect(error?.code).toBe('LEVEL_DATABASE_NOT_OPEN');
  expect(error?.cause).toBeInstanceOf(EngineError);
  return error?.cause as EngineError;
}
