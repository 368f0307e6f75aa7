// Guarantee 9: commits that depend on what a snapshot watches. An engine without the capability passes.

import assert from 'node:assert/strict';
import { byteEncodings, type EngineSnapshot } from '@sstitch/contract';
import {
  bytes,
  type DeclareTest,
  pagesOf,
  type Subject,
  spansOf,
  type TextSpan,
} from './subject.js';

const BASE = { a: '1', b: '2', c: '3', d: '4' };

export function testConditions(test: DeclareTest): void {
  const testIfOffered: DeclareTest = (name, body) =>
    test(name, async (t) => {
      if (t.engine.capabilities.conditions === true) await body(t);
    });

  testIfOffered('9. a batch on an unchanged snapshot takes effect, again and again', async (t) => {
    await t.put(BASE);
    await watching(t, [['b', 'd']], async (snapshot) => {
      await t.put({ a: 'outside', d: 'outside' });
      await putOn(t, snapshot, 'b', 'first');
      await putOn(t, snapshot, 'c', 'second');
      assert.equal(await t.get('b', snapshot), '2');
    });
    await t.holdsForGood({ a: 'outside', b: 'first', c: 'second', d: 'outside' });
  });

  const changes: ReadonlyArray<readonly [what: string, change: (t: Subject) => Promise<unknown>]> =
    [
      ['a put', (t) => t.put({ bb: 'new' })],
      ['a delete', (t) => t.delete('c')],
      ['a large batch', (t) => t.put({ b: 'x'.repeat(100_000) })],
      ['a replacement', (t) => t.replace([['c', 'z']], {})],
    ];
  for (const [what, change] of changes) {
    testIfOffered(
      `9. after ${what} in a watched span, a commit is a conflict that changes nothing`,
      async (t) => {
        await t.put(BASE);
        await watching(t, [['b', 'd']], async (snapshot) => {
          await change(t);
          const before = await t.read();
          await assert.rejects(putOn(t, snapshot, 'x', 'new'), isConflict);
          const entries = pagesOf({ x: 'new' });
          const replacing = t.engine.replaceSpans(spansOf([['x', 'y']]), entries, {
            ifUnchanged: snapshot,
          });
          await assert.rejects(replacing, isConflict);
          await t.holdsForGood(before);
        });
      },
    );
  }

  testIfOffered('9. a replacement on an unchanged snapshot takes effect', async (t) => {
    await t.put(BASE);
    await watching(t, [['', 'd']], async (snapshot) => {
      const entries = pagesOf({ b: 'new' });
      await t.engine.replaceSpans(spansOf([['a', 'd']]), entries, { ifUnchanged: snapshot });
    });
    await t.holdsForGood({ b: 'new', d: '4' });
  });

  testIfOffered(
    '9. writers that read and then write, each again after a conflict, lose nothing',
    async (t) => {
      const writers = 6;
      await Promise.all(Array.from({ length: writers }, () => increment(t)));
      await t.holdsForGood({ counter: String(writers) });
    },
  );
}

async function increment(t: Subject): Promise<void> {
  for (let isDone = false; !isDone; ) {
    await watching(t, [['counter', 'countes']], async (snapshot) => {
      const value = Number((await t.get('counter', snapshot)) ?? 0) + 1;
      isDone = await putOn(t, snapshot, 'counter', String(value)).then(
        () => true,
        (error: unknown) => {
          if (!isConflict(error)) throw error;
          return false;
        },
      );
    });
  }
}

async function watching(
  { engine }: Subject,
  spans: readonly TextSpan[],
  use: (snapshot: EngineSnapshot) => Promise<void>,
): Promise<void> {
  const snapshot = engine.snapshot({ watch: spansOf(spans) });
  try {
    // A snapshot of a shared engine is settled by its first read.
    await engine.get(bytes(''), { ...byteEncodings, snapshot });
    await use(snapshot);
  } finally {
    await snapshot.close();
  }
}

async function putOn(
  { engine }: Subject,
  ifUnchanged: EngineSnapshot,
  key: string,
  value: string,
): Promise<void> {
  const operation = { type: 'put', key: bytes(key), value: bytes(value) } as const;
  await engine.batch([operation], { ...byteEncodings, ifUnchanged });
}

function isConflict(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'SSTITCH_COMMIT_CONFLICT';
}
