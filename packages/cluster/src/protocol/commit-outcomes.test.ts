// What becomes of commits when the database answers late, wrongly or not at all. The simulator (test/simulator) meets
// such cases by chance; these tests cause each of them.
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/manual-clock.js';
import { ClusterError } from '../errors.js';
import type { Edit } from '../log/edits.js';
import { MAX_GROUP_EDITS_BYTES } from '../log/record-format.js';
import { MemoryCluster } from '../memory/memory-port.js';
import { type AppendOutcome, type ClusterPort, SLOTS_PER_SEGMENT } from '../port.js';
import type { State } from '../state/state.js';
import { openLogClient } from './protocol.js';

const LEASE_MS = 6000;
const COMMIT_TIMEOUT_MS = 1000;

const put = (key: string, valueBytes = 1): Edit => ({
  type: 'write',
  operations: [{ type: 'put', key: Buffer.from(key), value: new Uint8Array(valueBytes) }],
});
const keysOf = (state: State) => state.memtable.map(({ key }) => Buffer.from(key).toString());

/** A port whose appends and reads of the log a test can replace. */
class TestPort {
  append: ((slot: number, record: Uint8Array) => Promise<AppendOutcome>) | undefined;
  isDown = false;
  head: number | undefined;
  /** Whether `head` stands for one read. */
  isHeadReadOnce = false;
  /** Until it fulfils, reads of slots wait. */
  slotsAreRead: Promise<void> | undefined;
  readonly real: ClusterPort;
  readonly port: ClusterPort;

  constructor(cluster: MemoryCluster) {
    this.real = cluster.store('s');
    const { real } = this;
    this.port = new Proxy(real, {
      get: (_, name) => {
        if (name === 'appendSlot' && this.append !== undefined) return this.append;
        if (name === 'readHead' && this.head !== undefined) {
          return async () => {
            const { head } = this;
            if (this.isHeadReadOnce) this.head = undefined;
            return head;
          };
        }
        if (name === 'readSlots' && this.slotsAreRead !== undefined) {
          const { slotsAreRead } = this;
          return async (...range: Parameters<ClusterPort['readSlots']>) => {
            await slotsAreRead;
            return real.readSlots(...range);
          };
        }
        const value = Reflect.get(real, name, real);
        if (typeof value !== 'function') return value;
        return this.isDown ? () => Promise.reject(unavailable()) : value.bind(real);
      },
    });
  }
}

function unavailable(): ClusterError {
  return new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', 'the test has no database');
}

async function setUp() {
  const cluster = new MemoryCluster();
  const clock = new ManualClock();
  const test = new TestPort(cluster);
  const options = { clock, leaseMs: LEASE_MS, commitTimeoutMs: COMMIT_TIMEOUT_MS };
  const client = await openLogClient(test.port, options);
  const openOther = () => openLogClient(cluster.store('s'), options);
  return { cluster, clock, test, client, openOther };
}

describe('a commit', () => {
  it('whose append was applied without an answer is found in the log, and not repeated', async () => {
    const { clock, test, client } = await setUp();
    test.append = async (slot, record) => {
      await test.real.appendSlot(slot, record);
      test.append = undefined;
      return { outcome: 'unknown', cause: undefined };
    };
    const committed = client.commit([put('a')]);
    await clock.advance(100, 10);
    expect((await committed)?.slot).toBe(1);
    expect(await test.real.readHead(0, 'quorum')).toBe(1);
  });

  it('whose append is applied after it was repeated counts once', async () => {
    const { clock, test, client, openOther } = await setUp();
    let late: (() => Promise<AppendOutcome>) | undefined;
    test.append = async (slot, record) => {
      late = () => test.real.appendSlot(slot, record);
      test.append = undefined;
      return { outcome: 'unknown', cause: undefined };
    };
    const committed = client.commit([put('a')]);
    await clock.advance(100, 10);
    expect((await committed)?.slot).toBe(1);
    expect(await late?.()).toEqual({ outcome: 'lost' });
    expect((await openOther()).known.slot).toBe(1);
  });

  it('without an answer fails with SSTITCH_COMMIT_UNKNOWN, and the next one finishes it first', async () => {
    const { clock, test, client } = await setUp();
    test.append = async () => {
      test.isDown = true;
      return { outcome: 'unknown', cause: unavailable() };
    };
    const first = client.commit([put('first')]).catch((error: unknown) => error);
    await clock.advance(2 * COMMIT_TIMEOUT_MS, 50);
    expect(await first).toMatchObject({ code: 'SSTITCH_COMMIT_UNKNOWN' });
    // Nothing of this one was sent: it certainly failed.
    const second = client.commit([put('second')]).catch((error: unknown) => error);
    await clock.advance(2 * COMMIT_TIMEOUT_MS, 50);
    expect(await second).toMatchObject({ code: 'SSTITCH_CLUSTER_UNAVAILABLE' });

    test.isDown = false;
    test.append = undefined;
    const third = await client.commit([put('third')]);
    expect(keysOf(third?.state ?? client.known)).toEqual(['first', 'third']);
  });

  it('that joins and has no known outcome fails with SSTITCH_CLUSTER_UNAVAILABLE, and can be repeated', async () => {
    const { clock, test, client } = await setUp();
    test.append = async () => ({ outcome: 'unknown', cause: unavailable() });
    const joining = client.join().catch((error: unknown) => error);
    await clock.advance(2 * COMMIT_TIMEOUT_MS, 50);
    expect(await joining).toMatchObject({
      code: 'SSTITCH_CLUSTER_UNAVAILABLE',
      cause: { code: 'SSTITCH_COMMIT_UNKNOWN' },
    });
    test.append = undefined;
    await client.join();
    expect([...client.known.owners.keys()]).toEqual([client.owner]);
  });

  it('that always loses is taken along by the process that wins', async () => {
    const { cluster, test, client, openOther } = await setUp();
    const winner = await openOther();
    test.append = async () => {
      // Each turn the other process is faster.
      await winner.commit([put('winner')]);
      return { outcome: 'lost' };
    };
    const committed = await client.commit([put('loser')]);
    expect(keysOf(committed?.state ?? client.known)).toEqual(['loser', 'winner']);
    expect(committed?.slot).toBeLessThanOrEqual(4);
    await client.close();
    expect(cluster.rowCounts('s').announcements).toBe(0);
  });

  it('that the database refuses fails at once, and changes nothing', async () => {
    const { test, client } = await setUp();
    test.append = () =>
      Promise.reject(new ClusterError('SSTITCH_CLUSTER_REFUSED', 'the test may not write'));
    await expect(client.commit([put('refused')])).rejects.toMatchObject({
      code: 'SSTITCH_CLUSTER_REFUSED',
    });
    test.append = undefined;
    const granted = await client.commit([put('granted')]);
    expect(keysOf(granted?.state ?? client.known)).toEqual(['granted']);
  });

  it('larger than a record is refused before it is sent', async () => {
    const { client } = await setUp();
    await expect(client.commit([put('a', MAX_GROUP_EDITS_BYTES)])).rejects.toMatchObject({
      code: 'SSTITCH_TOO_LARGE',
    });
    expect((await client.commit([put('b')]))?.slot).toBe(1);
  });

  it('of a run by a process that was declared dead is void', async () => {
    const { client, openOther } = await setUp();
    await client.join();
    const other = await openOther();
    await other.commit([{ type: 'abort', owners: [client.owner] }]);
    const id = '00000000-0000-4000-8000-000000000001';
    const key = Uint8Array.of(1);
    const run = { id, chunks: 1, blocks: 1, entries: 1, bytes: 1, first: key, last: key };
    await expect(client.commit([{ type: 'run', run }])).rejects.toMatchObject({
      code: 'SSTITCH_LOAD_ABORTED',
    });
  });

  it('whose condition does not hold changes nothing', async () => {
    const { client } = await setUp();
    const outdated: Edit = { type: 'flush', run: undefined, from: 1, to: 2 };
    expect(await client.commit([outdated])).toBeUndefined();
    expect(client.known.flushedTo).toBe(0);
  });
});

describe('a database that loses acknowledged commits', () => {
  const corrupt = expect.objectContaining({
    code: 'SSTITCH_CLUSTER_CORRUPT',
    message: expect.stringMatching(/lost commits.*reopen the store in every process/),
  });

  it('is noticed when its log is shorter than what a process has read', async () => {
    const { test, client } = await setUp();
    await client.commit([put('a')]);
    await client.commit([put('b')]);
    test.head = 1;
    await expect(client.latest()).rejects.toEqual(corrupt);
    test.head = undefined;
    await expect(client.latest()).rejects.toEqual(corrupt);
    await expect(client.commit([put('c')])).rejects.toEqual(corrupt);
  });

  it('and showed their slot, but not their record, is read again', async () => {
    const { test, client, openOther } = await setUp();
    await client.commit([put('a')]);
    await (await openOther()).commit([put('b')]);
    test.head = 5;
    test.isHeadReadOnce = true;
    expect(keysOf(await client.latest())).toEqual(['a', 'b']);
    expect((await client.commit([put('c')]))?.slot).toBe(3);
  });

  it('is noticed when others have filled the lost slots again', async () => {
    const cluster = new MemoryCluster();
    const test = new TestPort(cluster);
    const client = await openLogClient(test.port);
    test.append = async () => ({ outcome: 'applied' });
    await client.commit([put('lost')]);
    test.append = undefined;
    const other = await openLogClient(cluster.store('s'));
    await other.commit([put('a')]);
    await other.commit([put('b')]);
    await expect(client.view().state()).rejects.toEqual(corrupt);
  });

  describe('among them the last of a segment', () => {
    async function setUpLoss() {
      const cluster = new MemoryCluster();
      const test = new TestPort(cluster);
      const client = await openLogClient(test.port);
      while (client.known.slot < SLOTS_PER_SEGMENT - 1) await client.commit([put('a')]);
      test.append = async () => ({ outcome: 'applied' });
      await client.commit([put('lost')]);
      test.append = undefined;
      return { client, other: await openLogClient(cluster.store('s')) };
    }

    it('is noticed by a read and by a commit', async () => {
      const { client } = await setUpLoss();
      await expect(client.latest()).rejects.toEqual(corrupt);
      await expect(client.commit([put('c')])).rejects.toEqual(corrupt);
    });

    it('is noticed when others have filled the lost slot again', async () => {
      const { client, other } = await setUpLoss();
      await other.commit([put('b')]);
      await other.commit([put('c')]);
      await expect(client.latest()).rejects.toEqual(corrupt);
    });

    it('is distinguished from a segment that was deleted', async () => {
      const { test, client, openOther } = await setUp();
      const other = await openOther();
      while (client.known.slot < SLOTS_PER_SEGMENT) await client.commit([put('a')]);
      await other.latest();
      await test.real.deleteSegment(0);
      await other.commit([put('b')]);
      expect(keysOf(await client.latest())).toEqual(['a', 'b']);
    });
  });
});

describe('a read of the log', () => {
  it('that takes long does not miss what this process has applied meanwhile, if others delete it', async () => {
    const { test, client, openOther } = await setUp();
    const other = await openOther();
    await other.commit([put('a')]);
    let read = () => {};
    test.slotsAreRead = new Promise((resolve) => {
      read = resolve;
    });
    const latest = client.latest();
    await new Promise((resolve) => setImmediate(resolve));
    test.slotsAreRead = undefined;
    // The append of this commit loses, and so the client reads the log.
    while (client.known.slot < SLOTS_PER_SEGMENT) await client.commit([put('b')]);
    await test.real.deleteSegment(0);
    read();
    expect((await latest).slot).toBe(SLOTS_PER_SEGMENT);
  });
});

describe('a lease', () => {
  it('lasts while it is renewed, and holds no state that the process does not read', async () => {
    const { clock, test, client, openOther } = await setUp();
    const other = await openOther();
    await other.commit([put('a')]);
    const view = client.view();
    await view.state();
    await other.commit([put('b')]);
    await clock.advance(10 * LEASE_MS, LEASE_MS / 12);
    const slotOf = async () =>
      (await test.real.readLeases()).find((lease) => lease.owner === client.owner)?.slot;
    expect(await slotOf()).toBe(1);
    view.release();
    await clock.advance(LEASE_MS, LEASE_MS / 12);
    expect(await slotOf()).toBe(2);
    expect((await client.latest()).slot).toBe(2);
  });

  it('that was not renewed in time ends every use of the client', async () => {
    const { clock, client } = await setUp();
    const view = client.view();
    await view.state();
    await clock.advance(2 * LEASE_MS);
    const lost = expect.objectContaining({ code: 'SSTITCH_LEASE_LOST' });
    expect(() => client.checkLease()).toThrow(lost);
    await expect(client.latest()).rejects.toEqual(lost);
    await expect(client.view().state()).rejects.toEqual(lost);
    await expect(client.commit([put('a')])).rejects.toEqual(lost);
    await client.close();
  });

  it('survives renewals that fail for less than its time', async () => {
    const { clock, test, client } = await setUp();
    test.isDown = true;
    await clock.advance(LEASE_MS / 2, LEASE_MS / 12);
    test.isDown = false;
    await clock.advance(LEASE_MS, LEASE_MS / 12);
    client.checkLease();
    await client.close();
  });
});
