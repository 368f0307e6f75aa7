// The main use in its smallest form: one commit removes a thousand rows and adds five hundred.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Store } from '../src/index.js';

test('1,000 rows are excised and 500 ingested, and survive a compaction and a reopen', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-micro-'));
  const base = new Store(join(directory, 'base'));
  const source = new Store(join(directory, 'source'));
  const rows = (count: number, value: string, prefix: string) =>
    Array.from({ length: count }, (_, i): [string, string] => [
      `${prefix}${String(i).padStart(6, '0')}`,
      `${value}-${i}`,
    ]);
  const write = (store: Store, entries: Array<[string, string]>) =>
    store.batch(entries.map(([key, value]) => ({ type: 'put' as const, key, value })));
  try {
    const neighbours = [...rows(10, 'kept', 'a'), ...rows(10, 'kept', 'c')];
    await write(base, [...neighbours, ...rows(1000, 'old', 'b')]);
    await write(source, rows(500, 'new', 'b'));
    const tables = join(directory, 'tables');
    const spans = [{ start: Buffer.from('b'), end: Buffer.from('c') }];
    await base.ingestAndExcise(await source.extract(spans, tables));

    const expected = [...rows(10, 'kept', 'a'), ...rows(500, 'new', 'b'), ...rows(10, 'kept', 'c')];
    expect(await base.iterator().all()).toEqual(expected);
    for (const [key, value] of expected) expect(await base.get(key)).toBe(value);
    expect(await base.get('b000700')).toBeUndefined();
    await base.compactRange('a', 'z');
    await base.close();
    const reopened = new Store(join(directory, 'base'));
    expect(await reopened.iterator().all()).toEqual(expected);
    await reopened.close();
  } finally {
    await Promise.all([base.close(), source.close()]);
    rmSync(directory, { recursive: true, force: true });
  }
});
