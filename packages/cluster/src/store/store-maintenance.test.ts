import { describe, expect, it } from 'vitest';
import { MemoryCluster } from '../memory/memory-port.js';
import { bytes, portWith } from '../runs/runs.test-support.js';
import { openStore, turn, until, value } from './store.test-support.js';

describe('maintenance', () => {
  it('flushes, folds and writes checkpoints by itself', async () => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    for (let round = 0; round < 150; round += 1) {
      await store.put(bytes(`key ${round % 70}`), new Uint8Array(40_000).fill(round));
    }
    await until(() => cluster.rowCounts('store').checkpoints > 0);
    const { memtableBytes, levelZeroRuns, maintenance } = await store.metrics();
    expect(maintenance.failure).toBeUndefined();
    expect(maintenance.runs['flush']).toBeGreaterThan(1);
    expect(memtableBytes).toBeLessThan(5 * 1024 * 1024);
    expect(levelZeroRuns).toBeLessThan(33);
    expect(await store.keys().all()).toHaveLength(70);
    for (let round = 80; round < 150; round += 1) {
      expect((await store.get(bytes(`key ${round % 70}`)))?.[0]).toBe(round);
    }
  });

  it('writes a checkpoint whatever its process committed to the slot that asks for one', async () => {
    const cluster = new MemoryCluster();
    const store = await openStore(cluster.store('store'));
    for (let slot = 1; slot < 128; slot += 1) await store.put(bytes('key'), value);
    // Joining is a commit of its own, the 128th.
    await store.flush();
    await store.close();
    expect(cluster.rowCounts('store').checkpoints).toBe(1);
  });

  it('commits nothing when a process that only reads closes the store', async () => {
    const cluster = new MemoryCluster();
    const writer = await openStore(cluster.store('store'));
    await writer.batch([{ type: 'put', key: bytes('key'), value: new Uint8Array(100_000) }]);
    await writer.close();
    const { slots } = cluster.rowCounts('store');
    const reader = await openStore(cluster.store('store'));
    expect(await reader.get(bytes('key'))).toHaveLength(100_000);
    await reader.close();
    expect(cluster.rowCounts('store').slots).toBe(slots);
  });

  it('that is manual runs only when its methods are called', async () => {
    const store = await openStore(new MemoryCluster().store('store'), { maintenance: 'manual' });
    for (let round = 0; round < 40; round += 1) {
      await store.put(bytes(`key ${round}`), new Uint8Array(40_000));
    }
    await turn();
    expect((await store.metrics()).memtableBytes).toBeGreaterThan(1024 * 1024);
    expect(await store.flush()).toBe(true);
    expect((await store.metrics()).levelZeroRuns).toBe(1);
    const report = await store.fold();
    expect(report).toMatchObject({ isComplete: true, runsWritten: 1 });
    expect((await store.metrics()).levelZeroRuns).toBe(0);
    expect(await store.keys().all()).toHaveLength(40);
  });

  it('that fails is reported, and writes go on', async () => {
    const port = new MemoryCluster().store('store');
    const failing = portWith(port, {
      writeChunk: () => Promise.reject(new Error('full')),
    });
    const store = await openStore(failing);
    const failures: string[] = [];
    store.on('maintenanceFailure', (task: string) => failures.push(task));
    for (let round = 0; round < 60; round += 1) {
      await store.put(bytes(`key ${round}`), new Uint8Array(40_000));
    }
    await until(() => failures.length > 0);
    expect(failures[0]).toBe('flush');
    expect((await store.metrics()).maintenance.failure).toMatchObject({ task: 'flush' });
    await store.put(bytes('after'), value);
    expect(await store.get(bytes('after'))).toEqual(value);
  });
});
