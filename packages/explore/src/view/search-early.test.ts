import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeNamesStore, type NamesStore, withHeldReads } from '../names-store.test-support.js';
import { NameIndex } from './name-index.js';
import { searchEarly } from './search-early.js';

describe('a search before the names are read', () => {
  const never = new AbortController().signal;
  let store: NamesStore;
  let index: NameIndex;
  let letRead: () => void;

  beforeAll(async () => {
    store = await makeNamesStore(70);
  });
  afterAll(() => store.remove());

  const startReading = () => {
    const mayRead = new Promise<void>((resolve) => {
      letRead = resolve;
    });
    index = new NameIndex(withHeldReads(store.state, mayRead), never);
  };
  const search = (text: string, more: { type?: string; limit?: number } = {}) =>
    searchEarly(index, { limit: 3, text, ...more }, never);
  const ids = async (...query: Parameters<typeof search>) =>
    (await search(...query)).ids.map(({ id }) => id);

  it('finds ids by their keys', async () => {
    startReading();
    expect(await search('thing-002')).toEqual({
      ids: [{ kind: 'resource', type: 'type-002', id: 'thing-002' }],
      ...{ searched: 0, isComplete: false, isReading: true },
    });
    expect(await ids('type-003')).toEqual(['type-003:thing-003:use']);
    expect(await ids('thing', { type: 'type-009' })).toEqual(['thing-009']);
    expect(await ids('thing')).toEqual(['thing-000', 'thing-001', 'thing-002']);
    letRead();
    await index.whole;
  });

  it('ends with no name if none is read in time, and is incomplete', async () => {
    startReading();
    expect(await search('Thing 01')).toEqual({
      ...{ ids: [], searched: 0, isComplete: false, isReading: true },
    });
    letRead();
    await index.whole;
  });

  it('waits for a first name, and finds each once', async () => {
    startReading();
    // However long the reading takes.
    const query = { limit: 3, text: 'Thing 01' };
    const found = searchEarly(index, query, never, Number.POSITIVE_INFINITY);
    letRead();
    expect((await found).ids[0]).toEqual({ kind: 'resource', type: 'type-010', id: 'thing-010' });
    await index.whole;
    expect(await search('thing 069')).toEqual({
      ids: [{ kind: 'resource', type: 'type-069', id: 'thing-069' }],
      ...{ searched: 140, isComplete: true, isReading: false },
    });
    expect(await ids('thing', { limit: 200 })).toHaveLength(140);
  });
});
