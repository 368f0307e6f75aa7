import { describe, expect, it } from 'vitest';
import { text } from '../../test/byte-writer.js';
import { type ChunkFormat, encodeChunk, encodeLog } from '../../test/encode-log.js';
import { DIRECTORY, MemoryFiles } from '../../test/memory-files.js';
import { PebbleError } from '../errors.js';
import { InputFile } from '../input-file.js';
import { LOG_BLOCK_BYTES, type LogOptions, readLog } from './log-reader.js';

const NUMBER = 7;

function read(bytes: Uint8Array, options: Partial<LogOptions> = {}): Uint8Array[] {
  const files = new MemoryFiles([['log', bytes]]);
  const file = InputFile.open(files, `${DIRECTORY}/log`, 'the test has it');
  const records = readLog(file, { logNumber: NUMBER, tornEnd: 'refuse', ...options });
  return [...records].map((record) => record.bytes);
}

function failure(bytes: Uint8Array, options: Partial<LogOptions> = {}): PebbleError {
  try {
    read(bytes, options);
  } catch (error) {
    expect(error).toBeInstanceOf(PebbleError);
    return error as PebbleError;
  }
  throw new Error('no error was thrown');
}

const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const flipped = (bytes: Uint8Array, position: number) => {
  const copy = bytes.slice();
  copy[position] = (copy[position] as number) ^ 0x10;
  return copy;
};
const one = text('one record');
const other = text('another record');
const FORMATS: ChunkFormat[] = ['legacy', 'recyclable', 'sync'];

describe.each(FORMATS)('a log of %s chunks', (format) => {
  it('returns its records, whatever their lengths', () => {
    const records = [0, 1, 100, 32_749, 32_761, 32_768, 3, 100_000].map((length, index) =>
      new Uint8Array(length).fill(index + 1),
    );
    const lines = (bytes: Uint8Array[]) =>
      bytes.map((record) => `${record.length} of ${record[0]}`);
    expect(lines(read(encodeLog(records, format, NUMBER)))).toEqual(lines(records));
  });

  it.each([1, 6, 7, 11, 18, 19, 20])(
    'continues after %d bytes of zeros at the end of a block',
    (left) => {
      const headerBytes = { legacy: 7, recyclable: 11, sync: 19 }[format];
      // The first record leaves this many bytes, which may or may not hold a record of one byte.
      const first = new Uint8Array(LOG_BLOCK_BYTES - headerBytes - left).fill(1);
      const [, second] = read(encodeLog([first, one], format, NUMBER));
      expect(second).toEqual(one);
    },
  );

  it('ends at zeros, because a file may be longer than its log', () => {
    const log = encodeLog([one, other], format, NUMBER);
    expect(read(joined(log, new Uint8Array(100_000)))).toEqual([one, other]);
  });

  it('refuses a torn end, or reads up to it', () => {
    const log = encodeLog([one, other], format, NUMBER);
    for (let length = log.length - 1; length > log.length - 12; length -= 1) {
      const cut = log.subarray(0, length);
      expect(failure(cut)).toMatchObject({ code: 'SSTITCH_PEBBLE_CORRUPT', path: '/database/log' });
      expect(failure(cut).message).toContain("set the option tornLogs to 'end'");
      expect(failure(cut, { tornEnd: 'damage' }).message).toContain('the log is damaged');
      expect(read(cut, { tornEnd: 'end' })).toEqual([one]);
    }
  });

  it('refuses a flipped bit before a whole chunk, whether or not a torn end is allowed', () => {
    const log = encodeLog([one, other], format, NUMBER);
    for (let position = 0; position < log.length - other.length - 20; position += 1) {
      const error = failure(flipped(log, position), { tornEnd: 'end' });
      expect(error.message).toContain('the log is damaged');
    }
  });

  it('refuses a flipped bit before another block', () => {
    const long = new Uint8Array(50_000).fill(3);
    const log = encodeLog([long, one], format, NUMBER);
    expect(failure(flipped(log, 20_000), { tornEnd: 'end' })).toMatchObject({
      code: 'SSTITCH_PEBBLE_CORRUPT',
      offset: 0,
    });
  });

  it('refuses records without a first or last chunk', () => {
    const chunk = (position: number) => encodeChunk(one, position, format, NUMBER);
    const [full, first, middle, last] = [chunk(0), chunk(1), chunk(2), chunk(3)] as const;
    expect(failure(joined(full, middle)).message).toContain('a record has no first chunk');
    expect(failure(joined(last)).message).toContain('a record has no first chunk');
    expect(failure(joined(first, full)).message).toContain('a record begins inside another');
    expect(failure(joined(full, first)).message).toContain('the last record has no last chunk');
    expect(read(joined(first, middle, last))).toEqual([joined(one, one, one)]);
  });
});

describe('a long record', () => {
  const limit = {
    code: 'SSTITCH_PEBBLE_TOO_LARGE',
    message: expect.stringContaining('maxLogBytes'),
  };

  it('is refused once it exceeds the limit, before the rest of it is read', () => {
    const log = encodeLog([one, new Uint8Array(1_000_000)], 'recyclable', NUMBER);
    expect(read(log, { maxLogBytes: 1_000_000 }).length).toBe(2);
    expect(failure(log, { maxLogBytes: 999_999 })).toMatchObject(limit);
    const files = new MemoryFiles([['log', log.subarray(0, 500_000)]]);
    const file = InputFile.open(files, `${DIRECTORY}/log`, 'the test has it');
    const options = { logNumber: NUMBER, tornEnd: 'refuse', maxLogBytes: 100_000 } as const;
    expect(() => [...readLog(file, options)]).toThrow(expect.objectContaining(limit));
    expect(files.bytesRead).toBeLessThan(200_000);
  });

  it('takes as much memory as it is long, even if its chunks have a byte each', () => {
    const count = 2_000_000;
    const middle = encodeChunk(Uint8Array.of(1), 2, 'legacy', 0);
    const log = new Uint8Array(count * middle.length);
    for (let at = 0; at < log.length; at += middle.length) log.set(middle, at);
    log.set(encodeChunk(Uint8Array.of(1), 1, 'legacy', 0));
    log.set(encodeChunk(Uint8Array.of(1), 3, 'legacy', 0), log.length - middle.length);
    const before = process.memoryUsage.rss();
    expect(read(log).map(({ length }) => length)).toEqual([count]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 27);
  });
});

describe('a recycled log', () => {
  it.each(['recyclable', 'sync'] as const)(
    'ends at leftover %s chunks of the old log',
    (format) => {
      const log = encodeLog([one], format, NUMBER);
      expect(read(joined(log, encodeChunk(other, 0, format, NUMBER - 1)))).toEqual([one]);
      // Begins in the middle of an old chunk.
      const old = encodeLog([new Uint8Array(90_000).fill(0x61)], format, NUMBER - 1);
      expect(read(joined(log, old.subarray(log.length)))).toEqual([one]);
    },
  );

  it('ends at a few leftover bytes of the old log with which no chunk of its own can begin', () => {
    const log = encodeLog([one], 'recyclable', NUMBER);
    // The end of a chunk, and what its writer appended when it closed the old log.
    const closed = Uint8Array.of(0x8d, 2, 0, 0, 0, 0, 0, 0, 5, 0x10, 1, 0, 0);
    const old = encodeChunk(other, 0, 'sync', NUMBER - 1);
    for (const left of [closed, old.subarray(0, 13), old.subarray(0, 18)]) {
      expect(read(joined(log, left))).toEqual([one]);
    }
    // Other bytes that are too few for a chunk, or the beginning of a chunk of its own.
    const own = encodeChunk(other, 0, 'sync', NUMBER);
    for (const left of [closed.subarray(0, 6), own.subarray(0, 9), own.subarray(0, 18)]) {
      expect(failure(joined(log, left)).message).toContain("set the option tornLogs to 'end'");
    }
  });

  it('ends at the trailing bytes of the end mark of the previous log', () => {
    const closing = (number: number) => {
      const bytes = Uint8Array.of(0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0);
      new DataView(bytes.buffer).setUint32(7, number, true);
      return bytes;
    };
    for (const number of [NUMBER, 70_000, 2 ** 31 + 70_000]) {
      const log = encodeLog([one], 'sync', number);
      for (let left = 1; left <= 11; left += 1) {
        const old = closing(number - 1).subarray(-left);
        expect(read(joined(log, old), { logNumber: number })).toEqual([one]);
      }
      // No older log has this number.
      for (let left = 4; left <= 6; left += 1) {
        const newer = closing(number + 1).subarray(-left);
        expect(failure(joined(log, newer), { logNumber: number }).message).toContain('tornLogs');
      }
    }
  });

  it('may hold old chunks without a number', () => {
    const log = encodeLog([one], 'recyclable', NUMBER);
    expect(read(joined(log, encodeLog([other], 'legacy')))).toEqual([one]);
  });

  it('is damaged if chunks of its own follow foreign bytes', () => {
    const log = encodeLog([one], 'recyclable', NUMBER);
    const own = encodeChunk(other, 0, 'recyclable', NUMBER);
    const foreign = encodeChunk(other, 0, 'recyclable', NUMBER - 1);
    expect(failure(joined(log, foreign, own)).message).toContain('a whole chunk follows');
    expect(failure(joined(log, new Uint8Array(50), own)).message).toContain(
      'a whole chunk follows',
    );
  });
});

describe('a MANIFEST', () => {
  it('has no chunks with a log number', () => {
    const log = encodeLog([one], 'recyclable', 0);
    expect(failure(log, { logNumber: undefined }).message).toContain('the type 5 of a WAL');
  });
});
