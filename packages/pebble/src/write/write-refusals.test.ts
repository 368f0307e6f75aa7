import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@sstitch/sst';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptFiles, numberedEntries } from '../../test/made-entries.js';
import { type Entry, type WriteOptions, writePebbleDatabase } from '../index.js';

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pebble-'));
  directory = join(root, 'database');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const KIB = 1024;
/** The smallest allowed sizes, so that a few entries make several tables. */
const SMALL_TABLES = { tableSizeBytes: 64 * KIB, blockSizeBytes: KIB };

describe('refused', () => {
  const key = (text: string) => ({ key: Buffer.from(text), value: Buffer.from('value') });

  it.each([
    ['the same key twice', [key('a'), key('b'), key('b')]],
    ['a smaller key', [key('a'), key('c'), key('b')]],
    ['a prefix of the previous key', [key('a'), key('bb'), key('b')]],
  ])('%s, with the number of the entry', async (_name, entries) => {
    await expect(writePebbleDatabase(directory, entries)).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_ORDER',
      message:
        'entry 2: its key 62 does not follow the key of the previous entry: ' +
        'pass the entries in bytewise key order, each key once',
    });
    expect(existsSync(directory)).toBe(false);
  });

  it('a smaller key at the beginning of a table', async () => {
    const large = { key: Buffer.from('b'), value: Buffer.alloc(70 * KIB, 'v') };
    for (const next of ['a', 'b', 'aaaa']) {
      const { sink } = keptFiles();
      const source = [large, key(next)];
      const options = { ...SMALL_TABLES, compression: 'none' as const };
      await expect(writePebbleDatabase(sink, source, options)).rejects.toMatchObject({
        code: 'SSTITCH_PEBBLE_ORDER',
      });
    }
  });

  it.each([
    [
      'a key that is not bytes',
      { key: 'text', value: Buffer.alloc(1) },
      'key must be a Uint8Array, not a string',
    ],
    [
      'a value that is missing',
      { key: Buffer.alloc(1) },
      'value must be a Uint8Array, not undefined',
    ],
    ['an undefined entry', undefined, 'key must be a Uint8Array, not undefined'],
  ])('%s', async (_name, entry, message) => {
    const source = [entry as unknown as Entry];
    await expect(writePebbleDatabase(directory, source)).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_OPTIONS',
      message: `entry 0: its ${message}`,
    });
  });

  it('an empty key, which would make Pebble panic', async () => {
    await expect(writePebbleDatabase(directory, [key('')])).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_UNSUPPORTED',
      message: expect.stringContaining('entry 0: its key is empty'),
    });
    expect(existsSync(directory)).toBe(false);
  });

  it.each<[string, object]>([
    ['tableSizeBytes', { tableSizeBytes: 1000 }],
    ['tableSizeBytes', { tableSizeBytes: 2 ** 31 }],
    ['blockSizeBytes', { blockSizeBytes: 100 }],
    ['compression', { compression: 'zstd' }],
    ['bloomBitsPerKey', { bloomBitsPerKey: 7 }],
    ['formatVersion', { formatVersion: 12 }],
    ['formatVersion', { formatVersion: 25 }],
    ['current', { current: 'yes' }],
  ])('the option %s out of range: %o', async (name, wrong) => {
    await expect(writePebbleDatabase(directory, [], wrong)).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_OPTIONS',
      message: expect.stringContaining(`${name} is`),
    });
    expect(existsSync(directory)).toBe(false);
  });

  it('a target or a source of another kind', async () => {
    const wrong = 7 as unknown as string;
    await expect(writePebbleDatabase(wrong, [])).rejects.toThrow('target is a number');
    const source = 7 as unknown as Entry[];
    await expect(writePebbleDatabase(directory, source)).rejects.toThrow('source is a number');
  });

  it('a directory that is not empty, which is not changed', async () => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'mine'), 'text');
    await expect(writePebbleDatabase(directory, [])).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_TARGET_EXISTS',
      path: directory,
    });
    expect(readdirSync(directory)).toEqual(['mine']);
  });

  it('a directory in one that is missing', async () => {
    await expect(writePebbleDatabase(join(root, 'no', 'such'), [])).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_IO',
      cause: { code: 'ENOENT' },
    });
  });
});

describe('a failure', () => {
  it('of the source is thrown unchanged, and leaves no file', async () => {
    function* failing() {
      yield* numberedEntries(5000);
      throw new RangeError('no more');
    }
    await expect(writePebbleDatabase(directory, failing(), SMALL_TABLES)).rejects.toThrow(
      new RangeError('no more'),
    );
    expect(existsSync(directory)).toBe(false);
    mkdirSync(directory);
    await expect(writePebbleDatabase(directory, failing(), SMALL_TABLES)).rejects.toThrow(
      'no more',
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  it('of the sink is thrown unchanged', async () => {
    const sink = () => Promise.reject(new RangeError('full'));
    await expect(writePebbleDatabase(sink, numberedEntries(1))).rejects.toThrow('full');
  });

  it('of the disk has the path of the file, and leaves no file', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    let writes = 0;
    const fileSystem = {
      ...nodeFileSystem,
      open: (path: string, mode: 'create') => {
        const file = nodeFileSystem.open(path, mode);
        const write = (bytes: Uint8Array) => {
          writes += 1;
          if (writes === 3) throw full;
          file.write(bytes);
        };
        return {
          write,
          read: file.read.bind(file),
          sync: () => file.sync(),
          sizeBytes: () => file.sizeBytes(),
          close: () => {
            file.close();
            if (writes >= 3) throw new Error('EIO: and it cannot be closed');
          },
        };
      },
    };
    const options = { ...SMALL_TABLES, fileSystem } as WriteOptions;
    await expect(
      writePebbleDatabase(directory, numberedEntries(9000), options),
    ).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_IO',
      path: join(directory, '000003.sst'),
      cause: full,
    });
    expect(existsSync(directory)).toBe(false);
  });

  it.each([
    ['before the first entry', 0],
    ['between entries', 10_000],
  ])(
    'by a signal %s is an AbortError with its reason, and leaves no file',
    async (_name, after) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      if (after === 0) controller.abort(reason);
      function* endless() {
        for (const [number, entry] of numberedEntries(200_000).entries()) {
          if (number === after) controller.abort(reason);
          yield entry;
        }
        throw new Error('the writing should have ended');
      }
      const options = { ...SMALL_TABLES, signal: controller.signal };
      await expect(writePebbleDatabase(directory, endless(), options)).rejects.toMatchObject({
        name: 'AbortError',
        code: 'SSTITCH_ABORTED',
        cause: reason,
      });
      expect(existsSync(directory)).toBe(false);
    },
  );
});
