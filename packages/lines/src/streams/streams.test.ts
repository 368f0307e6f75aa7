import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunksOf, collect, errorOf, MemoryStream, testDirectory } from '../../test/files.js';
import { compressionOf } from './compression.js';
import { readBytes } from './read-bytes.js';
import { writeBytes } from './write-bytes.js';
import { Output } from './write-output.js';
import { framesCompressor } from './zstd.js';

/** Written by the zstd program, one with a checksum, one as two frames. */
const ZSTD_CHECKED = 'KLUv/QRo/QAAyFN5bmNzIGFzIGxpbmVzCmFuZCBhZ2FpbiwBAN02xyn+Uc0=';
const ZSTD_FRAMES = 'KLUv/QRYIQAAb25lCt8WaAkotS/9BFghAAB0d28KDy0E+Q==';
/** A frame without a checksum, for which a decoder takes a window of 64 MiB: one block, the text `one`. */
const ZSTD_WIDE = Buffer.concat([
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (26 - 10) << 3, 1 | (3 << 3), 0, 0]),
  Buffer.from('one'),
]);
/** A stream that yields nothing, and does not end. */
const SILENT: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
};

function read(bytes: Uint8Array, chunkBytes = 7): Promise<Buffer> {
  return collect(readBytes(chunksOf(bytes, chunkBytes), { name: 'x' }));
}

/** Compresses some bytes. */
async function written(
  compression: 'gzip' | 'zstd' | 'none',
  chunks: readonly Uint8Array[],
): Promise<Buffer> {
  const stream = new MemoryStream();
  const output = new Output(stream, { compression });
  for (const chunk of chunks) await output.write(chunk);
  await output.finish();
  await output.close();
  return stream.bytes;
}

describe('written bytes read back the same', () => {
  test.each(['gzip', 'zstd', 'none'] as const)('with %s, in chunks of any size', async (how) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 500 }),
        async (chunks, chunkBytes) => {
          const all = Buffer.concat(chunks);
          // Bytes that begin as a compressed stream does are treated as one.
          fc.pre(how !== 'none' || compressionOf(all) === undefined);
          expect(await read(await written(how, chunks), chunkBytes)).toEqual(all);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('with frames of WebAssembly, for more bytes than one frame holds', async () => {
    const bytes = Buffer.alloc(5_000_000, 'a line that is like the last\n');
    const compressor = framesCompressor();
    const stream = Readable.from(chunksOf(bytes, 100_000)).pipe(compressor);
    const compressed = await collect(stream as AsyncIterable<Uint8Array>);
    expect(compressed.length).toBeLessThan(bytes.length / 1000);
    expect((await read(compressed, 1000)).equals(bytes)).toBe(true);
    const empty = Readable.from([]).pipe(framesCompressor());
    expect(await read(await collect(empty as AsyncIterable<Uint8Array>))).toHaveLength(0);
  });

  test.skipIf(spawnSync('zstd', ['--version']).error !== undefined)(
    'by the zstd program',
    async () => {
      const compressed = await written('zstd', [Buffer.from('some lines\n')]);
      expect(String(execFileSync('zstd', ['-dc'], { input: compressed }))).toBe('some lines\n');
    },
  );
});

describe('readBytes', () => {
  test('reads the files of other programs: checksums, several frames, several members', async () => {
    expect(String(await read(Buffer.from(ZSTD_CHECKED, 'base64')))).toBe(
      'Syncs as lines\nand again, as lines\n',
    );
    expect(String(await read(Buffer.from(ZSTD_FRAMES, 'base64')))).toBe('one\ntwo\n');
    expect(String(await read(Buffer.concat([gzipSync('one\n'), gzipSync('two\n')])))).toBe(
      'one\ntwo\n',
    );
    expect(await read(new Uint8Array(0))).toHaveLength(0);
  });

  test.each([
    ['gzip', gzipSync('some lines, and more')],
    ['zstd', Buffer.from(ZSTD_CHECKED, 'base64')],
  ])('reports a truncated %s stream', async (_name, bytes) => {
    for (let length = 8; length < bytes.length; length++) {
      const error = await errorOf(() => read(bytes.subarray(0, length)));
      expect(error).toMatchObject({ code: 'SSTITCH_LINES_DAMAGED', path: 'x' });
      expect(error.message).toMatch(/ is truncated or damaged \(.*[^.]\): copy the file/);
    }
  });

  test.each([
    ['gzip', gzipSync('some lines, and more')],
    ['zstd', Buffer.from(ZSTD_CHECKED, 'base64')],
  ])('reports a damaged %s stream, whose checksum does not match', async (name, bytes) => {
    const damaged = Buffer.from(bytes);
    const at = damaged.length - (name === 'gzip' ? 6 : 2);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
    const error = await errorOf(() => read(damaged));
    expect(error).toMatchObject({ code: 'SSTITCH_LINES_DAMAGED', path: 'x' });
  });

  test('ends in an error if zstd refuses a stream, in whatever chunk', async () => {
    const bytes = Buffer.from(ZSTD_CHECKED, 'base64');
    // A reserved type of block.
    bytes.writeUInt8(bytes.readUInt8(6) | 0b110, 6);
    for (let chunkBytes = 1; chunkBytes <= bytes.length; chunkBytes++) {
      const error = await errorOf(() => read(bytes, chunkBytes));
      expect(error.code).toBe('SSTITCH_LINES_DAMAGED');
    }
  });

  test('reports what follows zeros after a member of gzip', async () => {
    const bytes = Buffer.concat([gzipSync('one\n'), Buffer.alloc(8), gzipSync('two\n')]);
    for (const chunkBytes of [1, 7, 1000]) {
      expect((await errorOf(() => read(bytes, chunkBytes))).code).toBe('SSTITCH_LINES_DAMAGED');
    }
  });

  test('reads any number of empty frames in one chunk', async () => {
    const empty = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
    const bytes = Buffer.from(Array(10_000).fill(empty).flat());
    expect(String(await read(Buffer.concat([bytes, ZSTD_WIDE]), 1_000_000))).toBe('one');
  });

  test('frees the memory of zstd streams that are not read to their end', async () => {
    // More of them than the 2 GiB of all decoders hold.
    for (let read = 0; read < 40; read++) {
      for await (const _ of readBytes(chunksOf(Buffer.concat([ZSTD_WIDE, ZSTD_WIDE]), 1000))) break;
    }
    expect(String(await read(ZSTD_WIDE))).toBe('one');
  });

  test('refuses a stream that decompresses to far more than lines do', async () => {
    const bomb = await written('zstd', Array(200).fill(Buffer.alloc(1_000_000)));
    expect(bomb.length).toBeLessThan(100_000);
    let bytes = 0;
    const error = await errorOf(async () => {
      for await (const chunk of readBytes(chunksOf(bomb, 1000), { name: 'x' }))
        bytes += chunk.length;
    });
    expect(error.code).toBe('SSTITCH_LINES_TOO_LARGE');
    expect(bytes).toBeLessThan(70 * 2 ** 20);
  });

  test.each(['gzip', 'zstd'] as const)(
    'gives the event loop a turn amid a chunk of %s',
    async (compression) => {
      const plain = Buffer.alloc(8 * 2 ** 20, 'line of a record\n');
      const bytes = await written(compression, [plain]);
      const controller = new AbortController();
      setImmediate(() => setImmediate(() => controller.abort()));
      let readBefore = 0;
      const reading = async () => {
        const chunks = chunksOf(bytes, bytes.length);
        for await (const chunk of readBytes(chunks, { signal: controller.signal }))
          readBefore += chunk.length;
      };
      expect((await errorOf(reading)).code).toBe('SSTITCH_ABORTED');
      expect(readBefore).toBeLessThan(plain.length / 2);
    },
  );

  test.each(['gzip', 'zstd', 'none'] as const)(
    'reports the bytes of the input that it has read: %s',
    async (compression) => {
      const bytes = await written(compression, [Buffer.alloc(100_000, 'some lines\n')]);
      const places: number[] = [];
      await collect(readBytes(chunksOf(bytes, 50), { onRead: (place) => places.push(place) }));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places.at(-1)).toBe(bytes.length);
    },
  );

  test('closes a stream that yields nothing when the signal fires', async () => {
    const controller = new AbortController();
    const silent = new Readable({ read: () => undefined });
    const ended = errorOf(() => collect(readBytes(silent, { signal: controller.signal })));
    setImmediate(() => controller.abort());
    expect(await ended).toMatchObject({ code: 'SSTITCH_ABORTED' });
    expect(silent.destroyed).toBe(true);
  });

  test('names the file that cannot be read, and ends when the signal fires', async () => {
    const path = join(testDirectory(), 'missing.jsonl');
    expect(await errorOf(() => collect(readBytes(path, { name: path })))).toMatchObject({
      code: 'SSTITCH_FILE_OPERATION',
      path,
      message: expect.stringContaining('ENOENT'),
    });
    expect(await errorOf(() => collect(readBytes('a\0b')))).toMatchObject({
      code: 'SSTITCH_FILE_OPERATION',
      path: 'a\0b',
    });
    const controller = new AbortController();
    const error = await errorOf(async () => {
      for await (const _ of readBytes(chunksOf(Buffer.alloc(100)), {
        name: 'x',
        signal: controller.signal,
      })) {
        controller.abort('enough');
      }
    });
    expect(error).toMatchObject({ name: 'AbortError', code: 'SSTITCH_ABORTED', cause: 'enough' });
  });
});

describe('a stream that yields nothing', () => {
  test.each([
    ['readBytes', (signal: AbortSignal) => collect(readBytes(SILENT, { signal }))],
    [
      'writeBytes',
      (signal: AbortSignal) => writeBytes(join(testDirectory(), 'a'), SILENT, { signal }),
    ],
  ])('is given up when the signal of %s fires', async (_name, run) => {
    const controller = new AbortController();
    const ended = errorOf(() => run(controller.signal));
    setImmediate(() => controller.abort('enough'));
    expect(await ended).toMatchObject({ code: 'SSTITCH_ABORTED', cause: 'enough' });
  });
});

describe('writeBytes', () => {
  test('writes the chunks of an iterable, compressed as the name says, and leaves no file if it fails', async () => {
    const directory = testDirectory();
    const path = join(directory, 'a.bin.gz');
    expect(await writeBytes(path, chunksOf(Buffer.from('some bytes')))).toBe(10);
    expect(gunzipSync(readFileSync(path)).toString()).toBe('some bytes');
    expect(String(await collect(readBytes(path)))).toBe('some bytes');
    async function* failing() {
      yield Buffer.from('some');
      throw new Error('no more');
    }
    await expect(writeBytes(join(directory, 'b.bin'), failing())).rejects.toThrow('no more');
    expect(readdirSync(directory)).toEqual(['a.bin.gz']);
  });
});

describe('Output', () => {
  test('gives the file its name at the end, replacing an existing file', async () => {
    const directory = testDirectory();
    const path = join(directory, 'a.txt');
    writeFileSync(path, 'old');
    const output = new Output(path, {});
    await output.write(Buffer.from('new'));
    expect(readFileSync(path, 'utf8')).toBe('old');
    await output.finish();
    await output.close();
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(directory)).toEqual(['a.txt']);
    expect((await errorOf(() => output.write(Buffer.from('x')))).code).toBe('SSTITCH_LINES_CLOSED');
  });

  test('leaves no file if it is closed before the end, or if the signal fires', async () => {
    const directory = testDirectory();
    const path = join(directory, 'a.txt.gz');
    for (const end of ['close', 'abort'] as const) {
      const controller = new AbortController();
      const output = new Output(path, { signal: controller.signal });
      await output.write(Buffer.alloc(1_000_000, 'x'));
      if (end === 'abort') {
        controller.abort();
        expect((await errorOf(() => output.finish())).code).toBe('SSTITCH_ABORTED');
      }
      await output.close();
      await output.close();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  test('ends writes that wait for room when it is closed', async () => {
    const stuck = new Writable({ write: () => undefined });
    const output = new Output(stuck, {});
    const writes = [1, 2, 3, 4].map(() => output.write(Buffer.alloc(1_000_000, 'x')));
    const settled = Promise.allSettled(writes);
    await output.close();
    // The first ones may have found room.
    expect((await settled).at(-1)).toMatchObject({
      status: 'rejected',
      reason: { code: 'SSTITCH_FILE_OPERATION' },
    });
  });

  test('names the file that cannot be written', async () => {
    const path = join(testDirectory(), 'missing', 'a.txt');
    const output = new Output(path, {});
    const error = await errorOf(async () => {
      await output.write(Buffer.from('x'));
      await output.finish();
    });
    expect(error).toMatchObject({ code: 'SSTITCH_FILE_OPERATION', path });
    await output.close();
    expect(existsSync(path)).toBe(false);
    for (const taken of [testDirectory(), 'a\0b', join('a\0b', 'c')]) {
      expect(await errorOf(async () => new Output(taken, {}))).toMatchObject({
        code: 'SSTITCH_FILE_OPERATION',
        path: taken,
      });
    }
  });

  test('leaves a stream open, waits for it, and reports its failure', async () => {
    const stream = new MemoryStream();
    const output = new Output(stream, {});
    await output.write(Buffer.from('one\n'));
    await output.finish();
    await output.close();
    expect(stream.writableEnded).toBe(false);
    expect(stream.text).toBe('one\n');

    const broken = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('the disk is full')),
    });
    broken.on('error', () => undefined);
    const failing = new Output(broken, { compression: 'gzip' });
    const error = await errorOf(async () => {
      await failing.write(Buffer.alloc(1_000_000, 'x'));
      await failing.finish();
    });
    expect(error).toMatchObject({ code: 'SSTITCH_FILE_OPERATION' });
    expect(error.message).toContain('the disk is full');
    await failing.close();
  });

  test('leaves nothing on a stream that many write to, one after another', async () => {
    const stream = new MemoryStream();
    const listeners: number[] = [];
    for (let at = 0; at < 3; at++) {
      const output = new Output(stream, {});
      await output.write(Buffer.from('x'));
      if (at > 0) await output.finish();
      await output.close();
      const names = stream.eventNames();
      listeners.push(names.reduce((sum, name) => sum + stream.listenerCount(name), 0));
    }
    expect(listeners).toEqual([listeners[0], listeners[0], listeners[0]]);
  });

  test('gives up a stream that takes no bytes when the signal fires, or when the stream closes', async () => {
    for (const end of ['abort', 'close'] as const) {
      const stuck = new Writable({ write: () => undefined });
      const controller = new AbortController();
      const output = new Output(stuck, { signal: controller.signal });
      await output.write(Buffer.from('x'));
      const ended = errorOf(() => output.finish());
      setImmediate(() => (end === 'abort' ? controller.abort() : stuck.destroy()));
      expect((await ended).code).toBe(
        end === 'abort' ? 'SSTITCH_ABORTED' : 'SSTITCH_FILE_OPERATION',
      );
      await output.close();
    }
  });
});
