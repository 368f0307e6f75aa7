// The rows with one writer (announcements, intents, leases) and guarantee 5 on checkpoints.
import assert from 'node:assert/strict';
import type { ClusterPort, StoredCheckpoint } from '../../src/port.js';
import { bytesOf, type DeclareTest, newId, newStoreName, plain } from './subject.js';

export function testRows(test: DeclareTest): void {
  test('an announcement is read by others until it is deleted; a later one takes its place', async (t) => {
    const [one, two] = [newId(), newId()];
    const reader = await t.another();
    assert.deepEqual(await reader.readAnnouncements(), []);
    await t.port.writeAnnouncement({ owner: one, group: bytesOf(1) });
    await t.port.writeAnnouncement({ owner: two, group: bytesOf(2, 60_000) });
    await t.port.writeAnnouncement({ owner: one, group: bytesOf(3, 0) });
    assert.deepEqual(await announcementsOf(reader), {
      [one]: bytesOf(3, 0),
      [two]: bytesOf(2, 60_000),
    });
    await t.port.deleteAnnouncement(one);
    await t.port.deleteAnnouncement(one);
    assert.deepEqual(await announcementsOf(reader), { [two]: bytesOf(2, 60_000) });
  });

  test('an intent is read by others until it is deleted; it grows', async (t) => {
    const [owner, one, two] = [newId(), newId(), newId()];
    const reader = await t.another();
    assert.deepEqual(await reader.readLoads(), []);
    await t.port.writeLoad({ run: one, owner, chunks: 64 });
    await t.port.writeLoad({ run: two, owner: newId(), chunks: 64 });
    await t.port.writeLoad({ run: one, owner, chunks: 128 });
    await t.port.deleteLoad(two);
    await t.port.deleteLoad(two);
    assert.deepEqual(await reader.readLoads(), [{ run: one, owner, chunks: 128 }]);
  });

  test('a lease is read by others as it was last renewed, even if an old renewal arrives late, until it is deleted', async (t) => {
    const [one, two] = [newId(), newId()];
    const reader = await t.another();
    assert.deepEqual(await reader.readLeases(), []);
    await t.port.writeLease({ owner: one, slot: 0, beat: 0, durationMs: 30_000 });
    await t.port.writeLease({ owner: two, slot: 7, beat: 0, durationMs: 30_000 });
    for (let beat = 1; beat <= 5; beat++) {
      await t.port.writeLease({
        owner: one,
        slot: beat * 1_000_000_000_000,
        beat,
        durationMs: 86_400_000,
      });
      const leases = await reader.readLeases();
      assert.equal(leases.length, 2);
      assert.deepEqual(
        leases.find(({ owner }) => owner === one),
        { owner: one, slot: beat * 1_000_000_000_000, beat, durationMs: 86_400_000 },
      );
    }
    await t.port.writeLease({ owner: one, slot: 1, beat: 1, durationMs: 1 });
    assert.equal((await reader.readLeases()).find(({ owner }) => owner === one)?.beat, 5);
    await t.port.deleteLease(one);
    await t.port.deleteLease(one);
    assert.deepEqual(await reader.readLeases(), [
      { owner: two, slot: 7, beat: 0, durationMs: 30_000 },
    ]);
  });

  test('leases, intents and announcements of many owners are all read', async ({ port }) => {
    const owners = Array.from({ length: 60 }, newId);
    await Promise.all(
      owners.map(async (owner, at) => {
        await port.writeLease({ owner, slot: at, beat: at, durationMs: 1 });
        await port.writeLoad({ run: owner, owner, chunks: at });
        await port.writeAnnouncement({ owner, group: bytesOf(at) });
      }),
    );
    const sorted = owners.toSorted();
    const leases = await port.readLeases();
    const loads = await port.readLoads();
    assert.deepEqual(leases.map(({ owner }) => owner).sort(), sorted);
    assert.deepEqual(loads.map(({ run }) => run).sort(), sorted);
    assert.deepEqual(Object.keys(await announcementsOf(port)).sort(), sorted);
    for (const { owner, slot, beat } of leases) {
      assert.deepEqual([owners[slot], owners[beat]], [owner, owner]);
    }
  });

  test('5. the newest checkpoint is read, whatever the order they were written in', async (t) => {
    const reader = await t.another();
    assert.equal(await reader.readCheckpoint(), undefined);
    assert.deepEqual(await reader.readCheckpointSlots(), []);
    for (const slot of [300, 2, 1000, 999]) await t.port.writeCheckpoint(checkpointOf(slot, 3));
    assert.deepEqual(await checkpointIn(reader), checkpointOf(1000, 3));
    assert.deepEqual(await reader.readCheckpointSlots(), [1000, 999, 300, 2]);
    await t.port.writeCheckpoint(checkpointOf(1000, 3));
    assert.deepEqual(await checkpointIn(reader), checkpointOf(1000, 3));
  });

  test('5. checkpoints of every shape are read whole', async ({ port }) => {
    const shapes = [[0], [1], [500_000, 500_000, 3], Array.from({ length: 50 }, () => 1000)];
    for (const [at, lengths] of shapes.entries()) {
      const parts = lengths.map((length, part) => bytesOf(part, length));
      await port.writeCheckpoint({ slot: at + 1, parts });
      assert.deepEqual(await checkpointIn(port), { slot: at + 1, parts });
    }
  });

  test('5. a checkpoint is read whole or not at all while others are written and deleted', async (t) => {
    const writer = await t.another();
    let slot = 1;
    await writer.writeCheckpoint(checkpointOf(slot, 5));
    let isWriting = true;
    const writes = (async () => {
      for (; slot < 40; slot++) {
        await writer.writeCheckpoint(checkpointOf(slot + 1, 5));
        await writer.deleteCheckpointsBefore(slot + 1);
      }
      isWriting = false;
    })();
    let newest = 0;
    while (isWriting) {
      const found = await checkpointIn(t.port);
      // The older checkpoint is deleted only after all parts of the newer one are written, so there is always one.
      assert.ok(found !== undefined);
      assert.deepEqual(found, checkpointOf(found.slot, 5));
      assert.ok(found.slot >= newest, 'an older checkpoint was read after a newer one');
      newest = found.slot;
    }
    await writes;
  });

  test('checkpoints before a slot are deleted, the one at it is not', async (t) => {
    for (const slot of [10, 20, 30]) await t.port.writeCheckpoint(checkpointOf(slot, 2));
    await t.port.deleteCheckpointsBefore(20);
    await t.port.deleteCheckpointsBefore(30);
    assert.deepEqual(await checkpointIn(await t.another()), checkpointOf(30, 2));
    await t.port.deleteCheckpointsBefore(31);
    assert.equal(await t.port.readCheckpoint(), undefined);
    assert.deepEqual(await t.port.readCheckpointSlots(), []);
  });

  test('the rows of stores are apart', async (t) => {
    const other = await t.another(newStoreName());
    const owner = newId();
    await other.writeAnnouncement({ owner, group: bytesOf(1) });
    await other.writeLoad({ run: newId(), owner, chunks: 64 });
    await other.writeLease({ owner, slot: 1, beat: 1, durationMs: 1 });
    await other.writeCheckpoint(checkpointOf(5, 1));
    assert.deepEqual(await t.port.readAnnouncements(), []);
    assert.deepEqual(await t.port.readLoads(), []);
    assert.deepEqual(await t.port.readLeases(), []);
    assert.equal(await t.port.readCheckpoint(), undefined);
    await t.port.deleteLease(owner);
    await t.port.deleteCheckpointsBefore(6);
    assert.equal((await other.readLeases()).length, 1);
    assert.deepEqual(await checkpointIn(other), checkpointOf(5, 1));
  });
}

function checkpointOf(slot: number, parts: number): StoredCheckpoint {
  return { slot, parts: Array.from({ length: parts }, (_, part) => bytesOf(slot + part, 3000)) };
}

async function checkpointIn(port: ClusterPort): Promise<StoredCheckpoint | undefined> {
  const [slot] = await port.readCheckpointSlots();
  const found = await port.readCheckpoint();
  // Another may have been written in between.
  if (found !== undefined) assert.ok(slot !== undefined && slot <= found.slot);
  return found && { slot: found.slot, parts: found.parts.map(plain) };
}

async function announcementsOf(port: ClusterPort): Promise<Record<string, Uint8Array>> {
  const found = await port.readAnnouncements();
  return Object.fromEntries(found.map(({ owner, group }) => [owner, plain(group)]));
}
