import { compareBytes } from '@sstitch/contract';
import { bucketSpan } from '@sstitch/keys';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeNamesStore, type NamesStore, SYNC } from '../names-store.test-support.js';
import { idsByKey, listNameParts, type NamedState } from './name-parts.js';

describe.each([0, 1, 3, 64, 70])('the names of resources of %i types', (types) => {
  let store: NamesStore;
  let state: NamedState;

  beforeAll(async () => {
    store = await makeNamesStore(types);
    state = store.state;
  });
  afterAll(() => store.remove());

  it('lie in parts that leave out no key, and hold none twice', async () => {
    const parts = await listNameParts(state);
    expect(parts).toHaveLength(Math.min(types, 65) + 1);
    expect(parts.at(-1)).toMatchObject({
      ...{ kind: 'entitlement', span: bucketSpan('entitlement', SYNC) },
    });
    const keys: Uint8Array[] = [];
    for (const { span } of parts.slice(0, -1)) {
      const { start, end = new Uint8Array() } = span;
      const options = { keyEncoding: 'view', valueEncoding: 'view', gte: start, lt: end } as const;
      const iterator = state.engine.iterator(options);
      keys.push(...(await iterator.nextv(1000)).map(([key]) => key));
      await iterator.close();
    }
    expect(keys).toHaveLength(types);
    expect(keys).toEqual(keys.toSorted(compareBytes));
  });

  it('are found by the beginning of their ids, unless types share a part', async () => {
    const find = async (text: string, limit: number) => {
      const parts = await listNameParts(state);
      return (await Promise.all(parts.map((part) => idsByKey(state, part, text, limit)))).flat();
    };
    expect(await find('thing-', 5)).toHaveLength(Math.min(types, 64));
    expect(await find('type-', 2)).toHaveLength(Math.min(types, 2));
    expect(await find('thing-002', 5)).toEqual(
      types > 2 ? [{ kind: 'resource', type: 'type-002', id: 'thing-002' }] : [],
    );
    expect(await find('hing', 5)).toEqual([]);
  });
});
