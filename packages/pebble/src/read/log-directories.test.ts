import { describe, expect, it } from 'vitest';
import { text } from '../../test/byte-writer.js';
import { encodeBatch } from '../../test/encode-batch.js';
import { EditWriter, encodeDatabase } from '../../test/encode-database.js';
import { encodeLog } from '../../test/encode-log.js';
import { listDatabase } from '../../test/list-entries.js';

const options = (directory: string) => {
  return text(`[Version]\n  pebble_version=0.1\n\n[Options]\n  wal_dir=${directory}\n  other=1\n`);
};
const database = (files: readonly (readonly [string, Uint8Array])[]) =>
  encodeDatabase([new EditWriter().head().logNumber(5)], files);
const batch = encodeBatch(10, [{ kind: 1, key: 'a', value: 'b' }]);
const log = (number: number) => {
  return [`00000${number}.log`, encodeLog([batch], 'recyclable', number)] as const;
};
const elsewhere = ['OPTIONS-000003', options('/other/wal')] as const;

describe('a database whose WALs are in another directory', () => {
  it.each([
    ['without WALs', [elsewhere]],
    ['with flushed WALs', [elsewhere, log(4)]],
    ['by the newest of its options', [['OPTIONS-000002', options('')], elsewhere] as const],
  ])('is refused %s', async (_, files) => {
    await expect(listDatabase(database(files))).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_UNSUPPORTED',
      path: '/database/OPTIONS-000003',
      message: expect.stringContaining('the WALs are not here but in "/other/wal"'),
    });
  });

  it('is read if it has its WALs, as a checkpoint has', async () => {
    expect(await listDatabase(database([elsewhere, log(5)]))).toEqual(['61 62']);
  });

  it('is read if its newest options name no other directory, or disable WALs', async () => {
    expect(await listDatabase(database([]))).toEqual([]);
    expect(await listDatabase(database([['OPTIONS-000003', options('')]]))).toEqual([]);
    expect(await listDatabase(database([['OPTIONS-000003', text('other=1')]]))).toEqual([]);
    const without = text('[Options]\n  disable_wal=true\n  wal_dir=/other/wal\n');
    expect(await listDatabase(database([['OPTIONS-000003', without]]))).toEqual([]);
    const lines = text('\n'.repeat(2 ** 20));
    expect(await listDatabase(database([['OPTIONS-000003', lines]]))).toEqual([]);
    const newer = ['OPTIONS-000010', options('')] as const;
    expect(await listDatabase(database([elsewhere, newer]))).toEqual([]);
  });

  it('is not looked for in a file that cannot be its options', async () => {
    const large = ['OPTIONS-000003', new Uint8Array(2 ** 20 + 1)] as const;
    await expect(listDatabase(database([large]))).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_CORRUPT',
    });
  });
});

describe('a database whose WALs fail over to another directory', () => {
  const failover = (mark: string) => {
    const part = `\n${mark}[WAL Failover]\n${mark}  secondary_dir=/second\n`;
    return ['OPTIONS-000003', new Uint8Array([...options(''), ...text(part)])] as const;
  };

  it('is refused, as the ends of its WALs may be there', async () => {
    await expect(listDatabase(database([failover(''), log(5)]))).rejects.toMatchObject({
      code: 'SSTITCH_PEBBLE_UNSUPPORTED',
      path: '/database/OPTIONS-000003',
      message: expect.stringContaining('WALs may go on in "/second"'),
    });
  });

  it('is read from a checkpoint, in which the failover is a comment', async () => {
    expect(await listDatabase(database([failover('# '), log(5)]))).toEqual(['61 62']);
  });
});
