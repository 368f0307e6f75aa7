// Writers may change what they passed as soon as the call returns, as with classic-level, which copies it at once.
import { describe, expect, test } from 'vitest';
import { isStaging, once, watchedStore } from './commit-steps.js';
import {
  type ByteStore,
  bytes,
  expectContentsThroughout,
  numbered,
  put,
  span,
} from './store-fixture.js';

const SPAN = span('m', 'n');

describe('writers that reuse their buffers at once, as classic-level allows', () => {
  /** Puts five entries from one buffer without waiting. */
  function putFive(store: ByteStore, name: string): Promise<unknown> {
    const buffer = bytes(`${name}.`);
    const puts = ['0', '1', '2', '3', '4'].map((digit) => {
      buffer[name.length] = digit.charCodeAt(0);
      const written = store.put(buffer, buffer);
      buffer[name.length] = '.'.charCodeAt(0);
      return written;
    });
    return Promise.all(puts);
  }

  const five = (name: string) => ['0', '1', '2', '3', '4'].map((digit) => `${name}${digit}`);

  test('write what they pass, side by side and during commits', async () => {
    const { store, watched } = await watchedStore();
    await putFive(store, 'alone');
    const during: Array<Promise<unknown>> = [];
    let count = 0;
    watched.before = () => {
      during.push(putFive(store, `during-${count++}-`));
    };
    const inFlight = putFive(store, 'in flight');
    await store.excise([SPAN]);
    watched.before = () => undefined;
    await Promise.all([inFlight, ...during]);
    expect(count).toBeGreaterThan(10);
    const names = ['alone', 'in flight', ...during.map((_, index) => `during-${index}-`)];
    await expectContentsThroughout(
      store,
      new Map(names.flatMap(five).map((key) => [key, key])),
      names.map((name) => `${name}.`),
    );
  });

  test('write what they add to a chained batch', async () => {
    const { store } = await watchedStore();
    const buffer = bytes('a');
    const batch = store.batch();
    for (const letter of ['b', 'c', 'd']) {
      buffer[0] = letter.charCodeAt(0);
      batch.put(buffer, buffer);
    }
    await batch.write();
    await put(store, [['e', 'e']]);
    const removing = store.batch();
    for (const letter of ['c', 'd', 'x']) {
      buffer[0] = letter.charCodeAt(0);
      removing.del(buffer);
    }
    await removing.write();
    await expectContentsThroughout(
      store,
      new Map([
        ['b', 'b'],
        ['e', 'e'],
      ]),
    );
  });

  test.each(['side by side', 'during a commit'])(
    'clear the range that they pass, %s',
    async (when) => {
      const { store, watched } = await watchedStore();
      await put(store, [...numbered('a', 5, 'v'), ...numbered('b', 5, 'v')]);
      const clearing = () => {
        const written = put(store, [['c', 'v']]);
        const [gte, lt] = [bytes('a'), bytes('b')];
        const cleared = store.clear({ gte, lt });
        gte.fill(0);
        lt.fill(0xff);
        return Promise.all([written, cleared]);
      };
      if (when === 'side by side') {
        await clearing();
      } else {
        const cleared = once(watched, isStaging, clearing);
        await store.excise([SPAN]);
        await cleared();
      }
      await expectContentsThroughout(store, new Map([...numbered('b', 5, 'v'), ['c', 'v']]));
    },
  );
});
