import { expect, test } from 'vitest';
import type { ByteIteratorOptions, ReadableEngine } from './engine.js';
import { boundsOf, readPages } from './read-pages.js';

const [A, B] = [Uint8Array.of(1), Uint8Array.of(2)];

/** An engine of two pages whose iterators record what happens to them. */
function recordingEngine() {
  const events: string[] = [];
  const pages = [[[A, A]], [[B, B]], []] as Array<Array<[Uint8Array, Uint8Array]>>;
  const engine = {
    iterator: ({ gte, lt }: ByteIteratorOptions) => {
      events.push(`open ${gte}-${lt}`);
      return {
        nextv: async () => pages[events.filter((event) => event.startsWith('page')).length],
        close: async () => events.push('close'),
      };
    },
  } as unknown as ReadableEngine;
  return { engine, events };
}

test('pages are read one by one, with a check before the first and after each', async () => {
  const { engine, events } = recordingEngine();
  const check = () => events.push('check');
  for await (const page of readPages(engine, boundsOf({ start: A, end: B }), check)) {
    events.push(`page ${page[0]?.[0]}`);
  }
  expect(events).toEqual([...['check', 'open 1-2', 'page 1', 'check', 'page 2', 'check', 'close']]);
});

test('a check that throws ends the read and closes the iterator', async () => {
  const { engine, events } = recordingEngine();
  const read = async () => {
    const check = () => {
      if (events.includes('page')) throw new Error('stop');
    };
    for await (const _ of readPages(engine, boundsOf({ start: A, end: undefined }), check)) {
      events.push('page');
    }
  };
  await expect(read()).rejects.toThrow('stop');
  expect(events).toEqual(['open 1-undefined', 'page', 'close']);
});

test('an engine that limits a page by bytes is asked for more than its own default', async () => {
  const asked: ByteIteratorOptions[] = [];
  const engine = {
    iterator: (options: ByteIteratorOptions) => {
      asked.push(options);
      return { nextv: async () => [], close: async () => undefined };
    },
  } as unknown as ReadableEngine;
  for await (const _ of readPages(engine, {}));
  for await (const _ of readPages(engine, { highWaterMarkBytes: 9 }));
  expect(asked.map(({ highWaterMarkBytes }) => highWaterMarkBytes)).toEqual([262_144, 9]);
});
