// Guarantees 1 to 4: the log.
import assert from 'node:assert/strict';
import {
  type AppendOutcome,
  type ClusterPort,
  FIRST_SLOT,
  firstSlotOf,
  lastSlotOf,
  SLOTS_PER_SEGMENT,
  segmentOf,
} from '../../src/port.js';
import { bytesOf, type DeclareTest, fill, newStoreName, plain } from './subject.js';

/** The longest record that the protocol appends. */
const RECORD_BYTES = 64 * 1024;
const STRENGTHS = ['quorum', 'serial'] as const;

export function testLog(test: DeclareTest, racers: number): void {
  test('a store without commits has no head and no slots', async ({ port }) => {
    for (const strength of STRENGTHS) {
      assert.equal(await port.readHead(0, strength), undefined);
      assert.deepEqual(await port.readSlots(FIRST_SLOT, lastSlotOf(0), strength), []);
    }
  });

  test('1. a slot is filled if the slot before it is the head', async ({ port }) => {
    await fill(port, 1, 3);
    for (const strength of STRENGTHS) {
      assert.equal(await port.readHead(0, strength), 3);
      assert.deepEqual(await slotsOf(port, 1, 3, strength), [1, 2, 3]);
    }
  });

  test('1. a slot that is filled is lost and keeps its record', async ({ port }) => {
    await fill(port, 1, 3);
    for (const slot of [1, 2, 3]) assert.equal(await outcomeOf(port, slot), 'lost');
    assert.deepEqual(await slotsOf(port, 1, 3), [1, 2, 3]);
    assert.equal(await port.readHead(0, 'serial'), 3);
  });

  test('1. a slot further on is lost while the one before it is free', async ({ port }) => {
    assert.equal(await outcomeOf(port, 2), 'lost');
    await fill(port, 1, 3);
    assert.equal(await outcomeOf(port, 5), 'lost');
    assert.deepEqual(await slotsOf(port, 1, 10), [1, 2, 3]);
  });

  test('1. a segment has a head from its first slot on', async ({ port }) => {
    await fill(port, 1, lastSlotOf(0));
    assert.equal(await port.readHead(0, 'quorum'), lastSlotOf(0));
    assert.equal(await port.readHead(1, 'serial'), undefined);
    await fill(port, firstSlotOf(1), firstSlotOf(1));
    assert.equal(await port.readHead(0, 'quorum'), lastSlotOf(0));
    assert.equal(await port.readHead(1, 'quorum'), firstSlotOf(1));
    assert.equal(await port.readHead(2, 'quorum'), undefined);
  });

  test('1. of several processes that append the same slot, one is applied', async (t) => {
    const ports = await Promise.all(Array.from({ length: racers }, () => t.another()));
    // Past the end of the first segment, whose first and last slots are special.
    await fill(t.port, 1, SLOTS_PER_SEGMENT - 3);
    for (let slot = SLOTS_PER_SEGMENT - 2; slot <= SLOTS_PER_SEGMENT + 8; slot++) {
      const outcomes = await Promise.all(
        ports.map((port, racer) => port.appendSlot(slot, bytesOf(1000 + racer))),
      );
      const applied = winnersOf(outcomes);
      assert.ok(applied.length <= 1, `slot ${slot}: ${applied.length} were applied`);
      const [stored] = await t.port.readSlots(slot, slot, 'serial');
      // If an outcome is unknown, the record in the slot says who won; a free slot is filled here.
      if (stored === undefined) {
        assert.equal(applied.length, 0);
        assert.equal(await outcomeOf(t.port, slot), 'applied');
        continue;
      }
      const winner = ports.findIndex((_, racer) =>
        Buffer.from(bytesOf(1000 + racer)).equals(stored.record),
      );
      assert.notEqual(winner, -1, `slot ${slot} holds what nobody appended`);
      if (applied.length === 1) assert.deepEqual(applied, [winner]);
      assert.notEqual(outcomes[winner]?.outcome, 'lost');
    }
  });

  test('1. processes that append as fast as they can fill every slot once', async (t) => {
    const perProcess = 20;
    const ports = await Promise.all(Array.from({ length: racers }, () => t.another()));
    const won = await Promise.all(
      ports.map((port, racer) => appendUntil(port, racer + 1, perProcess)),
    );
    const slots = await t.port.readSlots(1, lastSlotOf(0), 'serial');
    const filled = slots.map(({ slot }) => slot);
    assert.deepEqual(
      filled,
      filled.map((_, at) => at + FIRST_SLOT),
      'the log has a gap',
    );
    for (const [racer, mine] of won.entries()) {
      for (const slot of mine) assert.equal(slots[slot - FIRST_SLOT]?.record[0], racer + 1);
    }
    assert.equal(new Set(won.flat()).size, racers * perProcess);
  });

  test('2. a slot that one process has appended is read by every other', async (t) => {
    const readers = await Promise.all([t.another(), t.another(), t.another()]);
    for (let slot = 1; slot <= 20; slot++) {
      await fill(t.port, slot, slot);
      for (const [at, reader] of readers.entries()) {
        const strength = at === 0 ? 'serial' : 'quorum';
        assert.equal(await reader.readHead(0, strength), slot);
        assert.deepEqual(await slotsOf(reader, slot, slot, strength), [slot]);
      }
    }
  });

  test('3. slots are read in ascending order, and those that do not exist are left out', async ({
    port,
  }) => {
    await fill(port, 1, SLOTS_PER_SEGMENT + 5);
    assert.deepEqual(await slotsOf(port, 10, 20), range(10, 20));
    assert.deepEqual(await slotsOf(port, 1, SLOTS_PER_SEGMENT), range(1, SLOTS_PER_SEGMENT));
    const second = firstSlotOf(1);
    assert.deepEqual(await slotsOf(port, second, lastSlotOf(1)), range(second, second + 4));
    assert.deepEqual(await slotsOf(port, second + 5, second + 9), []);
  });

  test('records of every length are kept', async ({ port }) => {
    const records = [0, 1, 255, 4096, RECORD_BYTES].map((length, at) => bytesOf(at, length));
    for (const [at, record] of records.entries()) {
      assert.equal((await port.appendSlot(at + 1, record)).outcome, 'applied');
    }
    const slots = await port.readSlots(1, records.length, 'serial');
    assert.deepEqual(
      slots.map(({ record }) => plain(record)),
      records,
    );
  });

  test('4. the head of a segment outlives its slots, so that a slot is never filled twice', async (t) => {
    const sleeper = await t.another();
    const last = firstSlotOf(2) + 3;
    await fill(t.port, 1, last);
    await t.port.deleteSegment(0);
    await t.port.deleteSegment(1);
    await t.port.deleteSegment(1);
    for (const port of [t.port, sleeper]) {
      assert.deepEqual(await slotsOf(port, 1, lastSlotOf(0), 'serial'), []);
      assert.equal(await port.readHead(0, 'serial'), lastSlotOf(0));
      assert.equal(await port.readHead(1, 'quorum'), lastSlotOf(1));
      for (const slot of [1, 2, lastSlotOf(0), firstSlotOf(1), lastSlotOf(1), firstSlotOf(2)]) {
        assert.equal(await outcomeOf(port, slot), 'lost', `slot ${slot} was filled again`);
      }
    }
    assert.deepEqual(
      await slotsOf(sleeper, firstSlotOf(2), lastSlotOf(2)),
      range(firstSlotOf(2), last),
    );
    await fill(sleeper, last + 1, last + 1);
    assert.equal(await t.port.readHead(2, 'quorum'), last + 1);
  });

  test('the logs of stores are apart, however alike their names are', async (t) => {
    const name = newStoreName();
    const names = [
      ...[name, `${name} `, ` ${name}`, `${name}/`, `${name}%`, `${name}_`, name.toUpperCase()],
      ...[`${name}'; DROP TABLE log; --`, `${name}"`, `${name}\\`, `${name}\n`, `${name}$1`],
      ...[
        `${name}é`,
        `${name}e\u0301`,
        `${name}\u{1f9f5}`,
        `${name}:0`,
        `${name}${'x'.repeat(900)}`,
      ],
    ];
    const ports = await Promise.all(names.map((one) => t.another(one)));
    for (const [at, port] of ports.entries()) {
      assert.equal(port.store, names[at]);
      assert.equal((await port.appendSlot(1, bytesOf(at))).outcome, 'applied', port.store);
    }
    for (const [at, port] of ports.entries()) {
      const [slot] = await port.readSlots(1, 1, 'quorum');
      assert.deepEqual(slot && plain(slot.record), bytesOf(at), port.store);
    }
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

/** The numbers of the slots between two; checks what they hold. */
async function slotsOf(
  port: ClusterPort,
  from: number,
  to: number,
  strength: 'quorum' | 'serial' = 'quorum',
): Promise<number[]> {
  const slots = await port.readSlots(from, to, strength);
  for (const { slot, record } of slots) assert.deepEqual(plain(record), bytesOf(slot));
  return slots.map(({ slot }) => slot);
}

async function outcomeOf(port: ClusterPort, slot: number): Promise<string> {
  return (await port.appendSlot(slot, bytesOf(slot))).outcome;
}

function winnersOf(outcomes: readonly AppendOutcome[]): number[] {
  return outcomes.flatMap(({ outcome }, racer) => (outcome === 'applied' ? [racer] : []));
}

/** Appends records that begin with `mark` until so many have a slot; returns their slots. */
async function appendUntil(port: ClusterPort, mark: number, count: number): Promise<number[]> {
  const won: number[] = [];
  while (won.length < count) {
    const slot = ((await port.readHead(0, 'quorum')) ?? 0) + 1;
    assert.equal(segmentOf(slot), 0);
    const { outcome } = await port.appendSlot(slot, Uint8Array.of(mark, won.length));
    if (outcome === 'applied') won.push(slot);
    if (outcome !== 'unknown') continue;
    const [stored] = await port.readSlots(slot, slot, 'serial');
    if (stored?.record[0] === mark) won.push(slot);
  }
  return won;
}
