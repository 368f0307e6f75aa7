// Guarantee 5 on runs: blocks and run indexes.
import assert from 'node:assert/strict';
import type { ClusterPort } from '../../src/port.js';
import { bytesOf, type DeclareTest, newId, plain } from './subject.js';

const BLOCKS = [bytesOf(1, 1), bytesOf(2, 32 * 1024), bytesOf(3, 100), new Uint8Array(0)];

export function testRuns(test: DeclareTest, largeBlockBytes: number): void {
  test('5. blocks are read as they were written, one at a time and by chunks', async (t) => {
    const run = newId();
    await t.port.writeChunk(run, 0, BLOCKS);
    await t.port.writeChunk(run, 1, BLOCKS.toReversed());
    for (const port of [t.port, await t.another()]) {
      await holds(port, run, 0, BLOCKS);
      await holds(port, run, 1, BLOCKS.toReversed());
    }
  });

  test('5. what was never written is undefined, or empty', async ({ port }) => {
    const run = newId();
    assert.deepEqual(await port.readChunk(run, 0), []);
    assert.deepEqual(await port.readRunIndex(run), []);
    assert.equal(await port.readBlock(run, 0, 0), undefined);
    await port.writeChunk(run, 1, BLOCKS);
    assert.equal(await port.readBlock(run, 0, 0), undefined);
    assert.equal(await port.readBlock(run, 1, BLOCKS.length), undefined);
    assert.equal(await port.readBlock(run, 2, 0), undefined);
    assert.deepEqual(await port.readChunk(run, 0), []);
    assert.deepEqual(await port.readRunIndex(run), []);
  });

  test('5. many chunks can be written at once and in any order', async ({ port }) => {
    const run = newId();
    const chunks = Array.from({ length: 40 }, (_, at) => (at * 17) % 40);
    await Promise.all(
      chunks.map((chunk) => port.writeChunk(run, chunk, [bytesOf(chunk, 5000), bytesOf(-chunk)])),
    );
    for (const chunk of chunks) {
      await holds(port, run, chunk, [bytesOf(chunk, 5000), bytesOf(-chunk)]);
    }
  });

  test('5. a chunk can have a thousand blocks', async ({ port }) => {
    const run = newId();
    const blocks = Array.from({ length: 1000 }, (_, at) => bytesOf(at, 900));
    await port.writeChunk(run, 3, blocks);
    assert.deepEqual((await port.readChunk(run, 3)).map(plain), blocks);
    assert.deepEqual(plain((await port.readBlock(run, 3, 999)) ?? bytesOf(0)), blocks[999]);
  });

  test('a chunk that is written again, by any process, is the same chunk', async (t) => {
    const run = newId();
    const other = await t.another();
    await Promise.all([
      t.port.writeChunk(run, 0, BLOCKS),
      other.writeChunk(run, 0, BLOCKS),
      t.port.writeChunk(run, 0, BLOCKS),
    ]);
    await other.writeChunk(run, 0, BLOCKS);
    await holds(t.port, run, 0, BLOCKS);
  });

  test(`5. a block of ${largeBlockBytes} bytes is kept, beside small ones`, async ({ port }) => {
    const run = newId();
    const large = bytesOf(7, largeBlockBytes);
    await port.writeChunk(run, 0, [bytesOf(1), large, bytesOf(2)]);
    // deepEqual of so many bytes takes minutes.
    const same = (bytes: Uint8Array | undefined) =>
      bytes !== undefined && Buffer.compare(bytes, large) === 0;
    assert.ok(same(await port.readBlock(run, 0, 1)));
    const chunk = await port.readChunk(run, 0);
    assert.equal(chunk.length, 3);
    assert.ok(same(chunk[1]));
    assert.deepEqual(plain((await port.readBlock(run, 0, 2)) ?? large), bytesOf(2));
    await port.deleteRun(run, 1);
    assert.equal(await port.readBlock(run, 0, 1), undefined);
    assert.deepEqual(await port.readChunk(run, 0), []);
  });

  test('5. an index is read in order, whatever its number of parts', async (t) => {
    for (const count of [1, 2, 11, 120]) {
      const run = newId();
      const parts = Array.from({ length: count }, (_, at) => bytesOf(at, 2000));
      await t.port.writeRunIndex(run, parts);
      await t.port.writeRunIndex(run, parts);
      assert.deepEqual((await (await t.another()).readRunIndex(run)).map(plain), parts);
    }
  });

  test('5. parts of an index can be as long as half a megabyte', async ({ port }) => {
    const run = newId();
    const parts = [bytesOf(1, 500_000), bytesOf(2, 500_000), bytesOf(3, 17)];
    await port.writeRunIndex(run, parts);
    assert.deepEqual((await port.readRunIndex(run)).map(plain), parts);
  });

  test('a run that is deleted is gone for every process, and no other run is', async (t) => {
    const [run, other] = [newId(), newId()];
    for (const id of [run, other]) {
      for (const chunk of [0, 1, 2]) await t.port.writeChunk(id, chunk, BLOCKS);
      await t.port.writeRunIndex(id, BLOCKS);
    }
    const deleter = await t.another();
    await deleter.deleteRun(run, 3);
    await deleter.deleteRun(run, 3);
    for (const port of [t.port, deleter]) await isGone(port, run, 3);
    await holds(t.port, other, 2, BLOCKS);
    assert.deepEqual((await t.port.readRunIndex(other)).map(plain), BLOCKS);
  });

  test('a run that is deleted before all of it was written is gone', async (t) => {
    const run = newId();
    await t.port.writeChunk(run, 4, BLOCKS);
    await t.port.deleteRun(run, 64);
    await isGone(t.port, run, 64);
  });

  test('a write of a deleted run that arrives later stays deleted', async (t) => {
    const run = newId();
    const sleeper = await t.another();
    await sleeper.writeChunk(run, 0, BLOCKS);
    await t.port.deleteRun(run, 64);
    await sleeper.writeChunk(run, 0, BLOCKS);
    await sleeper.writeChunk(run, 1, BLOCKS);
    await sleeper.writeRunIndex(run, BLOCKS);
    for (const port of [t.port, sleeper]) await isGone(port, run, 3);
  });

  test('a run that is deleted before its first write arrives stays deleted', async (t) => {
    const run = newId();
    await t.port.deleteRun(run, 64);
    await (await t.another()).writeChunk(run, 2, BLOCKS);
    await isGone(t.port, run, 4);
  });

  test('writes that race with the deletion of their run stay deleted', async (t) => {
    const writer = await t.another();
    for (let round = 0; round < 10; round++) {
      const run = newId();
      const writes = Array.from({ length: 8 }, (_, chunk) => writer.writeChunk(run, chunk, BLOCKS));
      writes.push(writer.writeRunIndex(run, BLOCKS));
      if (round % 2 === 1) await writes[0];
      await Promise.all([t.port.deleteRun(run, 64), ...writes]);
      await isGone(t.port, run, 8);
    }
  });
}

async function holds(
  port: ClusterPort,
  run: string,
  chunk: number,
  blocks: readonly Uint8Array[],
): Promise<void> {
  assert.deepEqual((await port.readChunk(run, chunk)).map(plain), blocks);
  for (const [at, block] of blocks.entries()) {
    const read = await port.readBlock(run, chunk, at);
    assert.deepEqual(read && plain(read), block, `block ${at} of chunk ${chunk}`);
  }
}

async function isGone(port: ClusterPort, run: string, chunks: number): Promise<void> {
  assert.deepEqual(await port.readRunIndex(run), []);
  for (let chunk = 0; chunk < chunks; chunk++) {
    assert.deepEqual(await port.readChunk(run, chunk), [], `chunk ${chunk} is still there`);
    assert.equal(await port.readBlock(run, chunk, 0), undefined);
  }
}
