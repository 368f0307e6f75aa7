// Tables with a damaged block: blocks that are not kept are not read, and errors name the store's own file, not a
// temporary link to it.
import { closeSync, openSync, readdirSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFileSystem, TableReader, userKeyOf } from '@sstitch/sst';
import { ClassicLevel } from 'classic-level';
import { beforeEach, describe, expect, test } from 'vitest';
import { adopt, openReadOnly } from '../src/index.js';
import {
  type ByteStore,
  bytes,
  type Contents,
  compactFully,
  contentsOf,
  currentDirectory,
  expectContents,
  numbered,
  openStore,
  put,
  rejection,
  span,
  temporaryDirectory,
  text,
  VIEW,
} from './store-fixture.js';

const CONTENTS = numbered('k', 400, 'a value that makes a block hold some forty entries');

interface Block {
  readonly offset: number;
  readonly keys: readonly string[];
}

interface BlockIndex {
  find(internalKey: Uint8Array, lengthBytes: number): number;
}

let directory: string;
let table: string;
let blocks: readonly Block[];

/** Makes a closed store of one table. */
async function storeOfOneTable(path: string): Promise<{ table: string; blocks: Block[] }> {
  const store = await openStore(path);
  await put(store, CONTENTS);
  await compactFully(store);
  const generation = await currentDirectory(store);
  await store.close();
  const names = readdirSync(generation).filter((name) => name.endsWith('.ldb'));
  expect(names).toHaveLength(1);
  const file = join(generation, names[0] ?? '');
  return { table: file, blocks: blocksOf(file) };
}

function blocksOf(path: string): Block[] {
  const reader = TableReader.open(nodeFileSystem, path);
  const entries = reader.iterator();
  const found = reader.blockHandles().map(({ offset }) => ({ offset, keys: [] as string[] }));
  // Which block may hold a key is internal to sst.
  const { index } = (reader as unknown as { readonly parts: { readonly index: BlockIndex } }).parts;
  for (entries.seekToFirst(); entries.valid; entries.next()) {
    const { key } = entries;
    found[index.find(key, key.length)]?.keys.push(text(userKeyOf(key)));
  }
  reader.close();
  return found;
}

function damage(path: string, { offset }: Block): void {
  const file = openSync(path, 'r+');
  writeSync(file, Uint8Array.of(0xde, 0xad, 0xbe, 0xef), 0, 4, offset + 20);
  closeSync(file);
}

const without = (from: string, to: string): Contents =>
  new Map([...CONTENTS].filter(([key]) => key < from || key >= to));

beforeEach(async () => {
  directory = temporaryDirectory();
  ({ table, blocks } = await storeOfOneTable(join(directory, 'store')));
  expect(blocks.length).toBeGreaterThan(4);
});

describe.each([
  ['shared', { shareTablesFromBytes: 0 }, false],
  ['copied', { shareTablesFromBytes: Number.POSITIVE_INFINITY }, false],
  ['purged', { shareTablesFromBytes: 0 }, true],
] as const)('an excise whose parts are %s', (_, options, purge) => {
  test('of any damaged block succeeds, and the rest can be read', async () => {
    for (const [at, block] of blocks.entries()) {
      const path = join(directory, `store-${at}`);
      const made = await storeOfOneTable(path);
      damage(made.table, made.blocks[at] ?? block);
      const store = await openStore(path, options);
      // The span starts at the last key of the previous block, as the first key of a damaged block is unknown.
      const start = blocks[at - 1]?.keys.at(-1) ?? 'k';
      const end = blocks[at + 1]?.keys[0] ?? 'l';
      await store.excise([span(start, end)], { purge });
      await expectContents(store, without(start, end), CONTENTS.keys());
      await store.close();
    }
  });

  test('that keeps a part of a damaged block fails with the file, and the store is unchanged', async () => {
    for (const at of [0, 2, blocks.length - 1]) {
      const path = join(directory, `store-${at}`);
      const made = await storeOfOneTable(path);
      const block = made.blocks[at];
      if (block === undefined) throw new Error('no such block');
      damage(made.table, block);
      const store = await openStore(path, options);
      const [, second, ...others] = block.keys;
      const split = span(second ?? '', others.at(-2) ?? '');
      const error = await rejection(store.excise([split], { purge }));
      expect(error).toMatchObject({ code: 'SSTITCH_TABLES_INVALID', path: made.table });
      expect(error.message).toContain(`${made.table} at byte ${block.offset}`);
      expect(error.message).not.toContain('.link');
      expect(await store.metrics()).toMatchObject({ generation: 1 });
      await store.close();
    }
  });
});

describe('a damaged table of the source is reported by its own path', () => {
  let base: ByteStore;
  beforeEach(async () => {
    base = await openStore(join(directory, 'base'));
  });

  /** Expects that an error names the file and the offset, and no other file. */
  function expectBlame(error: { code?: string; path?: string | undefined; message: string }) {
    expect(error).toMatchObject({ code: 'SSTITCH_TABLES_INVALID', path: table });
    expect(error.message).toContain(table);
    expect(error.message).toMatch(/at byte \d+/);
    expect(error.message).not.toMatch(/staging|readers|\.link/);
  }

  test('when it is split, linked, verified, or read through a read-only store', async () => {
    damage(table, blocks[0] as Block);
    const source = await openStore(join(directory, 'store'));
    const reader = await openReadOnly<Uint8Array, Uint8Array>(source.location, {
      ...VIEW,
      fileSystem: nodeFileSystem,
    });
    for (const from of [source, reader]) {
      expectBlame(await rejection(base.ingestFrom(from, [span('k0005', 'k0300')])));
      expectBlame(await rejection(base.ingestFrom(from, [span('k', 'l')])));
      expectBlame(await rejection(base.ingestFrom(from, [span('k', 'l')], { verify: true })));
      expectBlame(
        await rejection(
          from.extract([span('k', 'l')], join(directory, `extracted-${from === reader}`)),
        ),
      );
    }
    await reader.close();
    expect(await contentsOf(base)).toEqual(new Map());
  });

  test('when it is rebuilt', async () => {
    damage(table, blocks[3] as Block);
    const source = await openStore(join(directory, 'store'));
    expectBlame(await rejection(base.ingestFrom(source, [span('k', 'l')], { rebuild: true })));
    expect(await contentsOf(base)).toEqual(new Map());
  });

  test('when a checkpoint purges it', async () => {
    const source = await openStore(join(directory, 'store'));
    await source.excise([span('k0100', 'k0200')]);
    const generation = await currentDirectory(source);
    table = join(generation, readdirSync(generation).find((name) => name.endsWith('.ldb')) ?? '');
    damage(table, blocks[0] as Block);
    expectBlame(await rejection(source.checkpoint(join(directory, 'copy'), { purge: true })));
  });

  test('when adopt finds it too short', async () => {
    const plain = join(directory, 'plain');
    const level = new ClassicLevel<Uint8Array, Uint8Array>(plain, VIEW);
    await level.put(bytes('a'), bytes('b'));
    await level.compactRange(bytes(''), bytes('z'));
    await level.close();
    const name = readdirSync(plain).find((each) => each.endsWith('.ldb')) ?? '';
    truncateSync(join(plain, name), 20);
    const error = await rejection(adopt(plain, join(directory, 'adopted')));
    expect(error).toMatchObject({ code: 'SSTITCH_STORE_CORRUPT', path: join(plain, name) });
    expect(error.message).toContain(join(plain, name));
  });
});
