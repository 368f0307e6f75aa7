// Wraps an engine under test so that tests use readable text: each character of a key or value is one byte.

import assert from 'node:assert/strict';
import {
  type ByteIteratorOptions,
  type ByteOperation,
  byteEncodings,
  type Engine,
  type EntryPages,
  type ReplaceSpansResult,
  type Span,
} from '@sstitch/contract';

/** The part of a test framework that the suite needs; vitest, mocha and node:test have it. */
export interface TestFramework {
  /** Groups the tests that `body` registers. */
  describe(name: string, body: () => void): unknown;
  /** Registers a test, which fails if the promise of `body` rejects. */
  it(name: string, body: () => Promise<void>): unknown;
}

/** An empty engine for one test. */
export interface EngineUnderTest {
  /** The engine, open and without entries. */
  readonly engine: Engine;
  /** Closes the engine and reopens its data. Undefined for an engine that stores nothing. */
  readonly reopen?: () => Promise<Engine>;
  /** Closes the engine and removes its data. */
  readonly destroy: () => Promise<void>;
}

/** Makes an empty, open engine for one test. */
export type MakeEngine = () => Promise<EngineUnderTest>;

/** A span as text; without an end it has no upper bound. */
export type TextSpan = readonly [start: string, end?: string];
/** The content of an engine: values by key, in key order. */
export type TextEntries =
  | Readonly<Record<string, string>>
  | ReadonlyArray<readonly [string, string]>;

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function text(data: Uint8Array): string {
  return Buffer.from(data).toString('latin1');
}

export function spansOf(spans: readonly TextSpan[]): Span[] {
  return spans.map(([start, end]) => ({
    start: bytes(start),
    end: end === undefined ? undefined : bytes(end),
  }));
}

function pairs(entries: TextEntries): Array<readonly [string, string]> {
  if (Array.isArray(entries)) return [...(entries as ReadonlyArray<readonly [string, string]>)];
  return Object.entries(entries as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Yields entries in pages of two, so that even small tests have several pages. */
export async function* pagesOf(entries: TextEntries, pageEntries = 2): EntryPages {
  const all = pairs(entries);
  for (let at = 0; at < all.length; at += pageEntries) {
    yield all
      .slice(at, at + pageEntries)
      .map(([key, value]): [Uint8Array, Uint8Array] => [bytes(key), bytes(value)]);
  }
}

export class Subject {
  readonly #made: EngineUnderTest;
  engine: Engine;

  constructor(made: EngineUnderTest) {
    this.#made = made;
    this.engine = made.engine;
  }

  async put(entries: TextEntries, options: { sync?: boolean } = {}): Promise<void> {
    const operations = pairs(entries).map(
      ([key, value]): ByteOperation => ({ type: 'put', key: bytes(key), value: bytes(value) }),
    );
    await this.engine.batch(operations, { ...byteEncodings, ...options });
  }

  async delete(...keys: readonly string[]): Promise<void> {
    await this.engine.batch(
      keys.map((key): ByteOperation => ({ type: 'del', key: bytes(key) })),
      byteEncodings,
    );
  }

  replace(
    spans: readonly TextSpan[],
    entries: TextEntries,
    signal?: AbortSignal,
  ): Promise<ReplaceSpansResult> {
    const options = signal === undefined ? {} : { signal };
    return this.engine.replaceSpans(spansOf(spans), pagesOf(entries), options);
  }

  async get(key: string, snapshot?: ReturnType<Engine['snapshot']>): Promise<string | undefined> {
    const value = await this.engine.get(bytes(key), { ...byteEncodings, snapshot });
    return value === undefined ? undefined : text(value);
  }

  async read(options: Partial<ByteIteratorOptions> = {}): Promise<Array<[string, string]>> {
    return drain(this.engine.iterator({ ...byteEncodings, ...options }));
  }

  /** Asserts that the engine holds exactly these entries, by iteration in both directions, get and getMany. */
  async holds(expected: TextEntries, snapshot?: ReturnType<Engine['snapshot']>): Promise<void> {
    const wanted = pairs(expected);
    assert.deepEqual(await this.read({ snapshot }), wanted);
    assert.deepEqual(await this.read({ snapshot, reverse: true }), wanted.toReversed());
    const keys = wanted.map(([key]) => key);
    const values = await this.engine.getMany(keys.map(bytes), { ...byteEncodings, snapshot });
    assert.deepEqual(
      values.map((value) => value && text(value)),
      wanted.map(([, value]) => value),
    );
    for (const [key, value] of wanted) assert.equal(await this.get(key, snapshot), value);
  }

  async lacks(...keys: readonly string[]): Promise<void> {
    for (const key of keys) assert.equal(await this.get(key), undefined, `has ${key}`);
    const values = await this.engine.getMany(keys.map(bytes), byteEncodings);
    assert.deepEqual(
      values,
      keys.map(() => undefined),
    );
  }

  /** Asserts that the engine holds exactly these entries, before and after it is reopened. */
  async holdsForGood(expected: TextEntries): Promise<void> {
    await this.holds(expected);
    if (this.#made.reopen === undefined) return;
    this.engine = await this.#made.reopen();
    await this.holds(expected);
  }
}

export async function drain(
  iterator: ReturnType<Engine['iterator']>,
): Promise<Array<[string, string]>> {
  const entries: Array<[string, string]> = [];
  try {
    for (;;) {
      const page = await iterator.nextv(3);
      if (page.length === 0) return entries;
      for (const [key, value] of page) entries.push([text(key), text(value)]);
    }
  } finally {
    await iterator.close();
  }
}

/** Declares a test that runs on a new engine. */
export type DeclareTest = (name: string, body: (subject: Subject) => Promise<void>) => void;

export function testsOn({ it }: TestFramework, makeEngine: MakeEngine): DeclareTest {
  return (name, body) => {
    it(name, async () => {
      const made = await makeEngine();
      try {
        await body(new Subject(made));
      } finally {
        await made.destroy();
      }
    });
  };
}
