// Arguments that plain JavaScript can pass instead of bytes: the public functions refuse each with its name and place,
// and the store is unchanged.
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { TableLoader } from '../src/index.js';
import {
  type ByteStore,
  bytes,
  openStore,
  openThreadedStore,
  put,
  span,
  temporaryDirectory,
  text,
} from './store-fixture.js';

const SPANS = [span('a', 'b')];
const BEFORE: Array<readonly [string, string]> = [
  ['a1', 'old'],
  ['a2', 'old'],
  ['b1', 'other'],
];

/** Returns a Uint8Array whose memory was transferred, as to another thread. */
function transferred(): Uint8Array {
  const gone = bytes('a5');
  structuredClone(gone.buffer, { transfer: [gone.buffer as ArrayBuffer] });
  return gone;
}

const OTHER_REALM: Uint8Array = runInNewContext('Uint8Array.of(0x61, 0x35)');

async function* pagesOf(...pages: unknown[]): AsyncGenerator<never> {
  for (const page of pages) yield page as never;
}

async function entriesOf(store: ByteStore): Promise<string[][]> {
  const entries = await store.iterator().all();
  return entries.map(([key, value]) => [text(key), text(value)]);
}

async function filledStore(): Promise<ByteStore> {
  const store = await openStore(temporaryDirectory());
  await put(store, BEFORE);
  return store;
}

const good = [bytes('a5'), bytes('new')];

describe('replaceSpans', () => {
  it.each([
    ['entries of strings', [[good, ['a6', 'new']]], /^page 0, entry 1: the key .* not a string$/],
    ['values of objects', [[[bytes('a5'), { a: 1 }]]], /^page 0, entry 0: the value .* an object$/],
    ['a value that is null', [[[bytes('a5'), null]]], /entry 0: the value .* not null$/],
    ['a value that is missing', [[[bytes('a5')]]], /entry 0: an entry must be \[key, value\]/],
    ['a value too many', [[[bytes('a5'), bytes(''), bytes('')]]], /not an array of 3/],
    ['numbers', [[[bytes('a5'), 5]]], /the value must be a Uint8Array, not a number$/],
    ['an array of bytes', [[[[0x61, 0x35], bytes('x')]]], /the key .* not an array of 2$/],
    ['another typed array', [[[bytes('a5'), new Uint16Array(2)]]], /of class Uint16Array$/],
    ['a DataView', [[[bytes('a5'), new DataView(new ArrayBuffer(2))]]], /of class DataView$/],
    ['an ArrayBuffer', [[[bytes('a5'), new ArrayBuffer(2)]]], /of class ArrayBuffer$/],
    [
      'transferred memory, as key',
      [[[transferred(), bytes('x')]]],
      /the key .* transferred to another thread$/,
    ],
    ['transferred memory, as value', [[[bytes('a5'), transferred()]]], /value .* transferred/],
    [
      'a page without its array, of strings',
      [['a5', 'new']],
      /page 0, entry 0: .* a string; a page/,
    ],
    [
      'a page without its array',
      [good],
      /page 0, entry 0: .* class Uint8Array; a page is an array/,
    ],
    ['an entry with a hole', [[good, undefined]], /page 0, entry 1: .* not undefined$/],
    ['a hole among the entries', [new Array(1)], /page 0, entry 0: .* not undefined/],
    ['a page that is null', [[good], null], /^page 1: a page must be an array .* not null$/],
    ['a page that is a Map', [new Map()], /page 0: a page must be an array .* class Map$/],
    ['a page that is a string', ['a5new'], /page 0: a page must be an array .* a string$/],
    ['a later page', [[good], [[bytes('a6'), 'x']]], /^page 1, entry 0: the value .* a string$/],
  ] as const)('refuses %s', async (_what, pages, message) => {
    const store = await filledStore();
    await expect(store.replaceSpans(SPANS, pagesOf(...pages))).rejects.toMatchObject({
      name: 'EngineError',
      code: 'SSTITCH_ENTRIES_INVALID',
      message: expect.stringMatching(message),
    });
    expect(await entriesOf(store)).toEqual(BEFORE);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an array of pages', [[good]]],
    ['a string', 'a5'],
    ['a generator that is not asynchronous', (function* () {})()],
    ['a function', () => pagesOf([good])],
  ])('refuses %s in place of pages', async (_what, pages) => {
    const store = await filledStore();
    await expect(store.replaceSpans(SPANS, pages as never)).rejects.toMatchObject({
      code: 'SSTITCH_ENTRIES_INVALID',
      message: expect.stringMatching(/^entries must be an async iterable of pages/),
    });
    expect(await entriesOf(store)).toEqual(BEFORE);
  });

  it('accepts Buffers, bytes of another realm, and empty keys and values', async () => {
    const store = await filledStore();
    const page = [
      [OTHER_REALM, Buffer.from('buffer')],
      [bytes('a6'), OTHER_REALM],
      [Buffer.from('a7'), new Uint8Array(0)],
    ];
    const all = [{ start: new Uint8Array(0), end: undefined }];
    const pages = pagesOf([[new Uint8Array(0), bytes('of the empty key')]], [], page);
    expect(await store.replaceSpans(all, pages)).toMatchObject({ entries: 4 });
    expect(await entriesOf(store)).toEqual([
      ['', 'of the empty key'],
      ['a5', 'buffer'],
      ['a6', 'a5'],
      ['a7', ''],
    ]);
  });

  it('uses the spans as they are at the call', async () => {
    const store = await filledStore();
    const [own] = [span('a', 'b')];
    const replacing = store.replaceSpans([own], pagesOf([good]));
    own.start.fill(0);
    own.end?.fill(0xff);
    await replacing;
    expect(await entriesOf(store)).toEqual([
      ['a5', 'new'],
      ['b1', 'other'],
    ]);
  });
});

describe('spans', () => {
  const wrong: Array<[string, unknown]> = [
    ['no array', span('a', 'b')],
    ['null', null],
    ['a string', 'a'],
    ['strings as bounds', [{ start: 'a', end: 'b' }]],
    ['a start that is missing', [{ end: bytes('b') }]],
    ['a start whose memory was transferred', [{ start: transferred(), end: bytes('b') }]],
    ['an end whose memory was transferred', [{ start: bytes(''), end: transferred() }]],
    ['an end that is null', [{ start: bytes('a'), end: null }]],
    ['an end by another name', [{ start: bytes('a'), stop: bytes('b') }]],
    ['an end of numbers', [{ start: bytes('a'), end: [0x62] }]],
    ['a hole', [undefined]],
  ];

  it.each(wrong)(
    'that are %s are refused by every method that takes spans',
    async (_what, spans) => {
      const store = await filledStore();
      const code = 'SSTITCH_SPANS_INVALID';
      const given = spans as never;
      const loader = new TableLoader(temporaryDirectory());
      for (const call of [
        () => store.excise(given),
        () => store.replaceSpans(given, pagesOf()),
        () => store.extract(given, temporaryDirectory()),
        () => store.ingestFrom(store, given),
        () => loader.finish(given),
      ]) {
        await expect(call()).rejects.toMatchObject({ name: 'EngineError', code });
      }
      await loader.end();
      expect(await entriesOf(store)).toEqual(BEFORE);
    },
  );
});

describe('an invalid signal', () => {
  it.each([
    ['a controller', new AbortController()],
    ['an object', { aborted: false }],
    ['null', null],
    ['true', true],
  ])('%s is refused', async (_what, signal) => {
    const store = await filledStore();
    const options = { signal } as never;
    for (const call of [
      () => store.excise(SPANS, options),
      () => store.replaceSpans(SPANS, pagesOf([good]), options),
      () => store.extract(SPANS, temporaryDirectory(), options),
      () => store.ingestFrom(store, SPANS, options),
      () => store.ingestAndExcise([], options),
      async () => new TableLoader(temporaryDirectory(), options),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'SSTITCH_OPTION_INVALID' });
    }
    expect(await entriesOf(store)).toEqual(BEFORE);
  });
});

describe('ingestAndExcise', () => {
  it.each([
    ['null', null],
    ['a string', 'table'],
    ['an object', { spans: [] }],
    ['a path in place of runs', [{ span: SPANS[0], runs: 'table.ldb' }]],
    ['paths in place of runs', [{ span: SPANS[0], runs: ['table.ldb'] }]],
    ['numbers in place of paths', [{ span: SPANS[0], runs: [[5]] }]],
    ['no runs', [{ span: SPANS[0] }]],
    ['a hole', [undefined]],
  ])('refuses %s', async (_what, tables) => {
    const store = await filledStore();
    await expect(store.ingestAndExcise(tables as never)).rejects.toMatchObject({
      code: 'SSTITCH_TABLES_INVALID',
    });
    expect(await entriesOf(store)).toEqual(BEFORE);
  });
});

describe('extract', () => {
  it.each([undefined, null, '', 5])('refuses %j as directory', async (directory) => {
    const store = await filledStore();
    await expect(store.extract(SPANS, directory as never)).rejects.toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
    });
  });
});

describe('TableLoader', () => {
  const page = (change: object = {}) => ({
    prefix: bytes('a'),
    bytes: bytes('5new'),
    keyEnds: Uint32Array.of(1),
    ends: Uint32Array.of(4),
    count: 1,
    ...change,
  });

  it.each([
    ['no array', page(), /^entries must be an array of .* packed entries, not an object$/],
    ['an entry instead of a page', [bytes('a'), bytes('1')], /a page is an array of such arrays$/],
    ['an entry of text', ['a', '1'], /a page is an array of such arrays$/],
    ['a page that is null', [page(), null], /^page 1: a page must be an object with prefix/],
    ['a prefix that is a string', [page({ prefix: 'a' })], /^page 0: the prefix .* not a string$/],
    ['bytes that are a string', [page({ bytes: '5new' })], /^page 0: the bytes .* not a string$/],
    [
      'transferred bytes',
      [page({ bytes: transferred() })],
      /the bytes .* transferred to another thread$/,
    ],
    ['ends in an array', [page({ ends: [4] })], /ends must be a Uint32Array, not an array of 1$/],
    ['key ends in an array', [page({ keyEnds: [1] })], /keyEnds must be a Uint32Array/],
    ['a count of nothing', [page({ count: Number.NaN })], /count must be an integer of at most 1/],
    ['a count below zero', [page({ count: -1 })], /count must be an integer of at most 1/],
    ['a count that is a string', [page({ count: '1' })], /count must be an integer of at most 1/],
    ['a count above the ends', [page({ count: 2 })], /count must be an integer of at most 1/],
    ['an end beyond the bytes', [page({ ends: Uint32Array.of(5) })], /^entry 0 of a page/],
    [
      'an end before the end of the key',
      [page({ keyEnds: Uint32Array.of(5) })],
      /^entry 0 of a page/,
    ],
  ] as const)('refuses %s', async (_what, pages, message) => {
    const loader = new TableLoader(temporaryDirectory());
    const loading = (async () => {
      await loader.add(pages as never);
      await loader.finish(SPANS);
    })();
    await expect(loading).rejects.toMatchObject({
      name: 'EngineError',
      code: 'SSTITCH_ENTRIES_INVALID',
      message: expect.stringMatching(message),
    });
    await loader.end();
  });

  it('refuses a directory that is not a path', () => {
    expect(() => new TableLoader(undefined as never)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
    );
  });
});

describe('writes of bytes', () => {
  const wrong: Array<[string, unknown, RegExp]> = [
    ['an object', { a: 1 }, /must be bytes or a string, not an object$/],
    ['a number', 5, /not a number$/],
    ['an array', [1, 2], /not an array of 2$/],
    ['true', true, /not a boolean$/],
    ['an ArrayBuffer', new ArrayBuffer(3), /class ArrayBuffer$/],
    ['transferred memory', transferred(), /transferred to another thread$/],
  ];

  it.each(wrong)('refuse %s as key and as value, with the place', async (_what, given, message) => {
    const store = await filledStore();
    const code = 'SSTITCH_ENTRIES_INVALID';
    const first = { type: 'put', key: bytes('a1'), value: bytes('new') } as const;
    for (const operation of [
      { type: 'put', key: bytes('a2'), value: given },
      { type: 'put', key: given, value: bytes('new') },
      { type: 'del', key: given },
    ]) {
      await expect(store.batch([first, operation as never])).rejects.toMatchObject({
        code,
        message: expect.stringMatching(new RegExp(`^operation 1: .*${message.source}`)),
      });
      await expect(
        store.batch([first, operation as never], { keyEncoding: 'view', valueEncoding: 'buffer' }),
      ).rejects.toMatchObject({ code });
    }
    await expect(store.put(bytes('a1'), given as never)).rejects.toMatchObject({ code });
    await expect(store.put(given as never, bytes('x'))).rejects.toMatchObject({ code });
    await expect(store.del(given as never)).rejects.toMatchObject({ code });
    expect(await entriesOf(store)).toEqual(BEFORE);
  });

  it("keep Level's errors and encodings", async () => {
    const store = await filledStore();
    await expect(store.put(null as never, bytes('x'))).rejects.toMatchObject({
      code: 'LEVEL_INVALID_KEY',
    });
    await expect(
      store.batch([{ type: 'put', key: bytes('a1'), value: undefined as never }]),
    ).rejects.toMatchObject({ code: 'LEVEL_INVALID_VALUE' });
    await expect(store.batch(null as never)).rejects.toThrow(TypeError);
    await store.put(bytes('a1'), { a: 1 } as never, { valueEncoding: 'json' } as never);
    await store.put('a2', 'text', { keyEncoding: 'utf8', valueEncoding: 'view' } as never);
    const sublevel = store.sublevel<string, object>('of', { valueEncoding: 'json' });
    await sublevel.put('key', { a: 2 });
    await store.batch([{ type: 'put', key: 'more', value: { a: 3 }, sublevel } as never]);
    expect(await sublevel.get('more')).toEqual({ a: 3 });
    expect(await sublevel.get('key')).toEqual({ a: 2 });
    expect((await entriesOf(store)).filter(([key]) => key?.startsWith('a'))).toEqual([
      ['a1', '{"a":1}'],
      ['a2', 'text'],
    ]);
  });
});

it('are refused in threads of the built package too', async () => {
  const store = await openThreadedStore(temporaryDirectory());
  await put(store, BEFORE);
  await expect(store.replaceSpans(SPANS, pagesOf([good], ['a6', 'x']))).rejects.toMatchObject({
    code: 'SSTITCH_ENTRIES_INVALID',
  });
  expect(await entriesOf(store)).toEqual(BEFORE);
});
