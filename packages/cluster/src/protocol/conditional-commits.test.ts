// What becomes of commits that depend on what a view watches. The simulator (test/simulator) meets such cases by chance.
import type { Span } from '@sstitch/contract';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/manual-clock.js';
import { ClusterError } from '../errors.js';
import type { Edit } from '../log/edits.js';
import { MemoryCluster } from '../memory/memory-port.js';
import type { State } from '../state/state.js';
import { openLogClient } from './protocol.js';

const COMMIT_TIMEOUT_MS = 1000;
const FIRST = '00000000-0000-4000-8000-000000000001';
const SECOND = '00000000-0000-4000-8000-000000000002';

const put = (key: string): Edit => ({
  type: 'write',
  operations: [{ type: 'put', key: Buffer.from(key), value: new Uint8Array(1) }],
});
const spanOf = (start: string, end: string): Span => ({
  start: Buffer.from(start),
  end: Buffer.from(end),
});
const keysOf = (state: State) => state.memtable.map(({ key }) => Buffer.from(key).toString());
const conflict = expect.objectContaining({ code: 'SSTITCH_COMMIT_CONFLICT' });

/** A process whose next appends a test can answer itself, and another one. */
async function setUp() {
  const cluster = new MemoryCluster();
  const clock = new ManualClock();
  const options = { clock, leaseMs: 60_000, commitTimeoutMs: COMMIT_TIMEOUT_MS };
  const real = cluster.store('s');
  const network: { append?: typeof real.appendSlot; isDown: boolean } = { isDown: false };
  const port = new Proxy(real, {
    get: (_, name) => {
      if (name === 'appendSlot' && network.append !== undefined) return network.append;
      const value = Reflect.get(real, name, real);
      if (typeof value !== 'function') return value;
      return network.isDown ? () => Promise.reject(unavailable()) : value.bind(real);
    },
  });
  const client = await openLogClient(port, options);
  const other = await openLogClient(cluster.store('s'), options);
  return { cluster, clock, network, real, client, other };
}

function unavailable(): ClusterError {
  return new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', 'the test has no database');
}

describe('a commit of a view', () => {
  it('is refused once another process wrote to what the view watches, and writes nothing', async () => {
    const { client, other } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    await other.commit([put('c')]);
    await expect(view.commit([put('x')])).rejects.toEqual(conflict);
    expect(keysOf(await client.latest())).toEqual(['c']);
    await expect(view.commit([put('x')])).rejects.toEqual(conflict);
  });

  it('takes effect whatever was written elsewhere, and whatever was flushed or folded', async () => {
    const { client, other } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    await other.commit([put('a'), put('d')]);
    await other.commit([{ type: 'flush', run: undefined, from: 0, to: other.known.slot }]);
    expect(await view.commit([put('c')])).toBeDefined();
    expect(await view.commit([put('b')])).toBeDefined();
    expect(keysOf(await other.latest())).toContain('c');
  });

  it.each<[string, Edit]>([
    ['a replacement', { type: 'replace', spans: [spanOf('a', 'bb')], run: undefined }],
    ['a removal of everything', { type: 'replace', spans: [allKeys()], run: undefined }],
  ])('is refused after %s that overlaps what the view watches', async (_, edit) => {
    const { client, other } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    await other.commit([edit]);
    await expect(view.commit([put('x')])).rejects.toEqual(conflict);
  });

  it('is refused after a write of its own process that was not of the view', async () => {
    const { client } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    const write = client.commit([put('c')]);
    await expect(view.commit([put('x')])).rejects.toEqual(conflict);
    await write;
  });

  it('is in the order of the calls with other commits of its process', async () => {
    const { client } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    const [before, own, after] = await Promise.allSettled([
      client.commit([put('a')]),
      view.commit([put('b')]),
      client.commit([put('c')]),
    ]);
    expect([before.status, own.status, after.status]).toEqual(Array(3).fill('fulfilled'));
    await expect(view.commit([put('b')])).rejects.toEqual(conflict);
  });

  it('of a view with an older state than the process knows is judged from its own state on', async () => {
    const { client } = await setUp();
    await client.commit([put('c')]);
    const view = client.view([spanOf('b', 'd')]);
    const later = client.commit([put('c')]);
    expect((await view.state()).slot).toBe(1);
    await later;
    await expect(view.commit([put('x')])).rejects.toEqual(conflict);
  });

  it('that was applied without an answer is found in the log, without a conflict', async () => {
    const { clock, client, network, real } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    network.append = async (slot, record) => {
      await real.appendSlot(slot, record);
      delete network.append;
      return { outcome: 'unknown', cause: undefined };
    };
    const committed = view.commit([put('c')]);
    await clock.advance(100, 10);
    expect((await committed)?.slot).toBe(1);
    expect((await view.commit([put('c')]))?.slot).toBe(2);
  });

  it('whose append is unknown and lost is refused if the winner wrote what the view watches', async () => {
    const { clock, client, network, other } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    network.append = async () => {
      delete network.append;
      await other.commit([put('c')]);
      return { outcome: 'unknown', cause: undefined };
    };
    const committed = view.commit([put('x')]).catch((error: unknown) => error);
    await clock.advance(100, 10);
    expect(await committed).toEqual(conflict);
    expect(keysOf(await client.latest())).toEqual(['c']);
  });

  it('whose outcome stays unknown is never sent for another slot', async () => {
    const { clock, client, network, other } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    network.append = async () => {
      network.isDown = true;
      return { outcome: 'unknown', cause: unavailable() };
    };
    const unknown = view.commit([put('b')]).catch((error: unknown) => error);
    await clock.advance(2 * COMMIT_TIMEOUT_MS, 50);
    expect(await unknown).toMatchObject({ code: 'SSTITCH_COMMIT_UNKNOWN' });
    view.release();

    await other.commit([put('c')]);
    network.isDown = false;
    delete network.append;
    await client.commit([put('x')]);
    expect(keysOf(await client.latest())).toEqual(['c', 'x']);
  });

  it('whose outcome stays unknown takes effect before the next one if its slot is still free', async () => {
    const { clock, client, network } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    network.append = async () => {
      network.isDown = true;
      return { outcome: 'unknown', cause: unavailable() };
    };
    const unknown = view.commit([put('b')]).catch((error: unknown) => error);
    await clock.advance(2 * COMMIT_TIMEOUT_MS, 50);
    expect(await unknown).toMatchObject({ code: 'SSTITCH_COMMIT_UNKNOWN' });
    view.release();
    network.isDown = false;
    delete network.append;
    const next = client.view([spanOf('b', 'd')]);
    await next.state();
    // The client's own process finishes the first commit, which the second view does not show.
    await expect(next.commit([put('x')])).rejects.toEqual(conflict);
    expect(keysOf(await client.latest())).toEqual(['b']);
  });

  it('is judged by what is written while the runs are read that may have written what its view watches', async () => {
    const cluster = new MemoryCluster();
    const other = await openLogClient(cluster.store('s'));
    await other.join();
    const read: string[] = [];
    const client = await openLogClient(cluster.store('s'), {
      holdsKeysIn: async ({ id }) => {
        read.push(id);
        if (read.length === 1) {
          await other.commit([runAround(SECOND)]);
          await client.latest();
        }
        return id === SECOND;
      },
    });
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    await other.commit([runAround(FIRST)]);
    await client.latest();
    await expect(view.commit([put('x')])).rejects.toEqual(conflict);
    expect(read).toEqual([FIRST, SECOND]);
    await client.close();
    await other.close();
  });

  it('is refused if such a run cannot be read', async () => {
    const cluster = new MemoryCluster();
    const other = await openLogClient(cluster.store('s'));
    await other.join();
    const client = await openLogClient(cluster.store('s'), {
      holdsKeysIn: () => Promise.reject(unavailable()),
    });
    const view = client.view([spanOf('b', 'd')]);
    await view.state();
    await other.commit([runAround(FIRST)]);
    await client.latest();
    await expect(view.commit([put('x')])).rejects.toEqual(conflict);
    await client.close();
    await other.close();
  });

  it('that loses every slot is refused after a while, and is not announced', async () => {
    const { cluster, clock, client, network, other } = await setUp();
    const view = client.view([spanOf('b', 'd')]);
    network.append = async () => {
      await other.commit([put('a')]);
      await clock.advance(COMMIT_TIMEOUT_MS / 4);
      return { outcome: 'lost' };
    };
    await expect(view.commit([put('c')])).rejects.toEqual(conflict);
    expect(cluster.rowCounts('s').announcements).toBe(0);
    expect(keysOf(await other.latest())).toEqual(['a']);
  });
});

/** A large batch from a to z. */
function runAround(id: string): Edit {
  const run = { id, chunks: 1, blocks: 1, entries: 2, bytes: 100 };
  return { type: 'run', run: { ...run, first: Buffer.from('a'), last: Buffer.from('z') } };
}

function allKeys(): Span {
  return { start: new Uint8Array(0), end: undefined };
}
