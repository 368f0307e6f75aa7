import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/manual-clock.js';
import { ClusterError } from '../errors.js';
import type { Edit, RunRef } from '../log/edits.js';
import { MemoryCluster } from '../memory/memory-port.js';
import { firstSlotOf, SLOTS_PER_SEGMENT } from '../port.js';
import type { LogClient } from '../protocol/log-client.js';
import { openLogClient } from '../protocol/protocol.js';
import { portWith } from '../runs/runs.test-support.js';
import { writeCheckpoint } from './checkpoints.js';
import { collect } from './collect.js';
import { LeaseWatch } from './lease-watch.js';
import { readStatus } from './status.js';
import { truncateLog } from './truncate.js';

const LEASE_MS = 6000;
const ALL = { start: new Uint8Array(0), end: undefined };

const idOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const put = (key: string): Edit => ({
  type: 'write',
  operations: [{ type: 'put', key: Buffer.from(key), value: new Uint8Array(1) }],
});

/** A store, and processes on it. */
class TestStore {
  readonly cluster = new MemoryCluster();
  readonly port = this.cluster.store('s');
  readonly clock = new ManualClock();
  readonly watch = new LeaseWatch(this.clock);
  #runs = 0;

  open(): Promise<LogClient> {
    return openLogClient(this.cluster.store('s'), { clock: this.clock, leaseMs: LEASE_MS });
  }

  /** A process whose timers never fire: it dies once it has opened. */
  openDead(): Promise<LogClient> {
    return openLogClient(this.cluster.store('s'), { clock: new ManualClock(), leaseMs: LEASE_MS });
  }

  /** Lets time pass in which leases are renewed. */
  async pass(leases: number): Promise<void> {
    await this.clock.advance(leases * LEASE_MS, LEASE_MS / 12);
  }

  async load(client: LogClient): Promise<RunRef> {
    this.#runs += 1;
    const id = idOf(this.#runs);
    const key = Uint8Array.of(1);
    await client.join();
    await this.port.writeLoad({ run: id, owner: client.owner, chunks: 64 });
    await this.port.writeChunk(id, 0, [Uint8Array.of(1)]);
    await this.port.writeRunIndex(id, [Uint8Array.of(1)]);
    return { id, chunks: 1, blocks: 1, entries: 1, bytes: 10, first: key, last: key };
  }

  async replaceAll(client: LogClient): Promise<void> {
    const run = await this.load(client);
    await client.commit([{ type: 'replace', spans: [ALL], run }]);
    await this.port.deleteLoad(run.id);
  }

  collect(client: LogClient) {
    return collect({ port: this.port, client, watch: this.watch });
  }

  truncate(client: LogClient) {
    return truncateLog({ port: this.port, client, watch: this.watch });
  }

  get rows() {
    return this.cluster.rowCounts('s');
  }
}

describe('collect', () => {
  it('deletes a replaced run once no lease holds a state that names it', async () => {
    const store = new TestStore();
    const [writer, reader] = [await store.open(), await store.open()];
    await store.replaceAll(writer);
    const view = reader.view();
    await view.state();
    await store.replaceAll(writer);
    await store.pass(1);
    expect(await store.collect(writer)).toMatchObject({ deletedRuns: 0, heldRuns: 1 });
    view.release();
    await store.pass(1);
    const report = await store.collect(writer);
    expect(report).toMatchObject({ deletedRuns: 1, deletedBytes: 10, heldRuns: 0 });
    expect(store.rows).toMatchObject({ chunks: 1, indexes: 1 });
    expect(writer.known.retired.size).toBe(0);
  });

  it('holds everything for a process that is just opening', async () => {
    const store = new TestStore();
    const writer = await store.open();
    await store.port.writeLease({ owner: idOf(999), slot: 0, beat: 1, durationMs: LEASE_MS });
    await store.replaceAll(writer);
    await store.replaceAll(writer);
    await store.pass(1);
    expect(await store.collect(writer)).toMatchObject({ deletedRuns: 0, heldRuns: 1 });
  });

  it('deletes what a dead process loaded, after its lease has stood still for two leases', async () => {
    const store = new TestStore();
    const [survivor, dead] = [await store.open(), await store.openDead()];
    const run = await store.load(dead);
    await store.collect(survivor);
    await store.pass(1.5);
    expect(await store.collect(survivor)).toMatchObject({ abortedOwners: 0, deletedLoads: 0 });
    await store.pass(1);
    const report = await store.collect(survivor);
    expect(report).toMatchObject({ abortedOwners: 1, deletedLoads: 1, deletedLeases: 1 });
    expect(store.rows).toMatchObject({ chunks: 0, indexes: 0, loads: 0, leases: 1 });
    // The dead process wakes, and names a run that no longer exists.
    await expect(dead.commit([{ type: 'run', run }])).rejects.toMatchObject({
      code: 'SSTITCH_LOAD_ABORTED',
    });
  });

  it('keeps a run that a dead process had committed, and deletes its intent', async () => {
    const store = new TestStore();
    const [survivor, dead] = [await store.open(), await store.openDead()];
    await dead.commit([{ type: 'replace', spans: [ALL], run: await store.load(dead) }]);
    await store.collect(survivor);
    await store.pass(2.5);
    expect(await store.collect(survivor)).toMatchObject({ abortedOwners: 1, deletedLoads: 0 });
    expect(store.rows).toMatchObject({ chunks: 1, indexes: 1, loads: 0 });
  });

  it('leaves the loads of a live process alone', async () => {
    const store = new TestStore();
    const [survivor, loader] = [await store.open(), await store.open()];
    await store.load(loader);
    await store.collect(survivor);
    await store.pass(3);
    expect(await store.collect(survivor)).toMatchObject({ abortedOwners: 0, deletedLoads: 0 });
    expect(store.rows).toMatchObject({ chunks: 1, loads: 1, leases: 2 });
  });

  it('deletes the announcements of processes that have gone', async () => {
    const store = new TestStore();
    const client = await store.open();
    await store.port.writeAnnouncement({ owner: idOf(999), group: new Uint8Array(1) });
    expect(await store.collect(client)).toMatchObject({ deletedAnnouncements: 1 });
  });
});

describe('truncateLog', () => {
  async function fill(client: LogClient, slots: number) {
    while (client.known.slot < slots) await client.commit([put(`${client.known.slot}`)]);
  }

  it('deletes whole segments below the checkpoint and every lease, and a later process opens', async () => {
    const store = new TestStore();
    const [writer, reader] = [await store.open(), await store.open()];
    await fill(writer, SLOTS_PER_SEGMENT - 10);
    const view = reader.view();
    await view.state();
    await fill(writer, 2 * SLOTS_PER_SEGMENT + 10);
    expect(await store.truncate(writer)).toEqual({ deletedSegments: 0, heldSlot: 0 });
    await writeCheckpoint(store.port, writer.known);
    await store.pass(1);
    expect(await store.truncate(writer)).toMatchObject({ deletedSegments: 0 });
    view.release();
    await store.pass(1);
    expect(await store.truncate(writer)).toMatchObject({ deletedSegments: 2 });
    expect(await store.truncate(writer)).toMatchObject({ deletedSegments: 0 });
    expect(store.rows.slots).toBe(10);
    const late = await store.open();
    expect(late.known).toEqual(writer.known);
  });

  it('reads a checkpoint whole only before it deletes, and keeps the log of one that lacks data', async () => {
    const store = new TestStore();
    const writer = await store.open();
    await fill(writer, firstSlotOf(1) - 1);
    await writeCheckpoint(store.port, writer.known);
    const lacking = new ClusterError('SSTITCH_CLUSTER_CORRUPT', 'the checkpoint lacks data');
    const port = portWith(store.port, { readCheckpoint: () => Promise.reject(lacking) });
    const context = { port, client: writer, watch: store.watch };
    await store.port.writeLease({ owner: idOf(999), slot: 5, beat: 1, durationMs: LEASE_MS });
    expect(await truncateLog(context)).toMatchObject({ deletedSegments: 0 });
    expect(await readStatus(context)).toMatchObject({ checkpointSlot: writer.known.slot });
    await store.port.deleteLease(idOf(999));
    await store.pass(1);
    await expect(truncateLog(context)).rejects.toBe(lacking);
    expect(store.rows.slots).toBe(SLOTS_PER_SEGMENT);
    expect(await store.truncate(writer)).toMatchObject({ deletedSegments: 1 });
  });

  it('deletes nothing while a process is just opening', async () => {
    const store = new TestStore();
    const writer = await store.open();
    await fill(writer, firstSlotOf(1));
    await writeCheckpoint(store.port, writer.known);
    await store.port.writeLease({ owner: idOf(999), slot: 0, beat: 1, durationMs: LEASE_MS });
    await store.pass(1);
    expect(await store.truncate(writer)).toEqual({ deletedSegments: 0, heldSlot: 0 });
  });

  it('makes a process that slept lose its lease, not read a wrong state or append to an old slot', async () => {
    const store = new TestStore();
    const [writer, sleeper] = [await store.open(), await store.openDead()];
    await fill(writer, firstSlotOf(1));
    await writeCheckpoint(store.port, writer.known);
    await store.truncate(writer);
    await store.pass(2.5);
    expect(await store.truncate(writer)).toMatchObject({ deletedSegments: 1 });
    const lost = expect.objectContaining({ code: 'SSTITCH_LEASE_LOST' });
    await expect(sleeper.commit([put('late')])).rejects.toEqual(lost);
    await expect(sleeper.latest()).rejects.toEqual(lost);
  });
});

describe('readStatus', () => {
  it('counts what a store consists of', async () => {
    const store = new TestStore();
    const client = await store.open();
    await store.replaceAll(client);
    await store.replaceAll(client);
    await client.commit([put('k')]);
    await store.port.writeLoad({ run: idOf(99), owner: idOf(98), chunks: 64 });
    const status = await readStatus({ port: store.port, client, watch: store.watch });
    expect(status).toMatchObject({
      slot: 4,
      checkpointSlot: undefined,
      pieces: 1,
      pieceRuns: { runs: 1, entries: 1, bytes: 10 },
      levelZero: { runs: 0 },
      retired: { runs: 1 },
      memtableEntries: 1,
      owners: 1,
      orphans: 1,
    });
    expect(status.leases).toMatchObject([{ owner: client.owner, isDead: false }]);
  });
});
