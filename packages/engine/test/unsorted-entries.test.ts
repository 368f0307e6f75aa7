// unsortedEntries packs entries into the pages that a table loader takes.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { prefixSpan, type UnsortedEntries, unsortedEntries } from '../src/index.js';
import { expectContents, openStore, temporaryDirectory, text } from './store-fixture.js';

/** Returns the numbers below `count` in a shuffled order. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, at) => (at * 7919) % count);
}

describe('unsortedEntries', () => {
  test('packs entries that share a prefix, and encodes strings as UTF-8', () => {
    const packed = unsortedEntries('é/', [
      ['é/2', Uint8Array.of(1, 2)],
      [Buffer.from('é/1'), 'ü'],
    ]);
    expect(text(packed.prefix)).toBe(text(Buffer.from('é/')));
    expect(packed.count).toBe(2);
    expect([...packed.keyEnds.subarray(0, 2)]).toEqual([1, 4]);
    expect([...packed.ends.subarray(0, 2)]).toEqual([3, 6]);
    expect(packed.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test('grows as needed, and accepts any iterable', async () => {
    const store = await openStore(join(temporaryDirectory(), 'store'));
    function* many() {
      for (const number of shuffled(3001)) yield [`b/${number}`, 'x'.repeat(number % 40)] as const;
    }
    const written: UnsortedEntries[] = [];
    const loader = store.tableLoader({ onWritten: (entries) => written.push(entries) });
    const packed = unsortedEntries('b/', many());
    await loader.add([packed]);
    await store.ingestAndExcise(await loader.finish([prefixSpan('b/')]), { move: true });
    await loader.end();
    expect(written).toEqual([packed]);
    await expectContents(store, new Map([...many()]));
  });
});
