import { describe, expect, it } from 'vitest';
import type { Edit } from '../log/edits.js';
import { MemoryCluster } from '../memory/memory-port.js';
import { memtableEntryOf } from '../state/memtable.js';
import type { State } from '../state/state.js';
import { openLogClient } from './protocol.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const put = (key: string, value: string): Edit => ({
  type: 'write',
  operations: [{ type: 'put', key: bytes(key), value: bytes(value) }],
});
const read = (state: State, key: string) => {
  const value = memtableEntryOf(state.memtable, bytes(key))?.value;
  return value === undefined ? undefined : new TextDecoder().decode(value);
};

describe('openLogClient', () => {
  it('shows a process every write that another had acknowledged', async () => {
    const cluster = new MemoryCluster();
    const a = await openLogClient(cluster.store('s'));
    const b = await openLogClient(cluster.store('s'));
    await a.commit([put('k', '1')]);
    expect(read(await b.latest(), 'k')).toBe('1');
    await b.commit([put('k', '2')]);
    expect(read(a.known, 'k')).toBe('1');
    expect(read(await a.latest(), 'k')).toBe('2');
    await a.close();
    await b.close();
    expect(cluster.rowCounts('s')).toMatchObject({ leases: 0, announcements: 0 });
  });

  it('takes a lease that holds everything before it reads, and one of its own slot after', async () => {
    const cluster = new MemoryCluster();
    const writer = await openLogClient(cluster.store('s'));
    await writer.commit([put('k', '1')]);
    const real = cluster.store('s');
    const calls: string[] = [];
    const port = new Proxy(real, {
      get: (_, name) => {
        const value = Reflect.get(real, name, real);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          const [lease] = args as [{ slot?: number } | undefined];
          calls.push(name === 'writeLease' ? `writeLease ${lease?.slot}` : String(name));
          return value.apply(real, args);
        };
      },
    });
    await openLogClient(port);
    expect(calls).toEqual([
      'writeLease 0',
      'readCheckpoint',
      'readHead',
      'readSlots',
      'writeLease 1',
    ]);
  });

  it('puts the commits of one turn into one record', async () => {
    const cluster = new MemoryCluster();
    const client = await openLogClient(cluster.store('s'));
    const committed = await Promise.all(
      Array.from({ length: 100 }, (_, index) => client.commit([put(`k${index}`, 'v')])),
    );
    expect(committed.map((one) => one?.slot)).toEqual(Array(100).fill(1));
    expect(client.known.recentGroups.size).toBe(1);
    await client.close();
  });

  it('keeps what the process issues later out of a view, even if its catch-up meets it', async () => {
    const cluster = new MemoryCluster();
    const client = await openLogClient(cluster.store('s'));
    await client.commit([put('k', '1')]);
    const view = client.view();
    await client.commit([put('k', '2')]);
    expect(read(await view.state(), 'k')).toBe('1');
    const later = client.view();
    expect(read(await later.state(), 'k')).toBe('2');
    await client.close();
  });

  it('lets processes that contend each make progress', async () => {
    const cluster = new MemoryCluster();
    const clients = await Promise.all(
      Array.from({ length: 4 }, () => openLogClient(cluster.store('s'))),
    );
    await Promise.all(
      clients.map(async (client, process) => {
        for (let index = 0; index < 50; index += 1)
          await client.commit([put(`${process}-${index}`, 'v')]);
      }),
    );
    const states = await Promise.all(clients.map((client) => client.latest()));
    for (const state of states) expect(state.memtable.length).toBe(200);
    await Promise.all(clients.map((client) => client.close()));
    const late = await openLogClient(cluster.store('s'));
    expect(late.known.memtable.length).toBe(200);
    await late.close();
  });
});
