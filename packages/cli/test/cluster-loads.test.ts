// `cluster collect` with the loads of other processes, on a real PostgreSQL server.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterStore } from '@sstitch/cluster';
import { openPostgres } from '@sstitch/cluster/postgres';
import { describe, expect, it } from 'vitest';
import { parseClusterName } from '../src/command-line/store-name.js';
import { digestsOf, sstitch, sstitchJson } from './in-process.js';
import { isPostgresMissing, postgresStores, valid } from './postgres-stores.js';

describe.skipIf(isPostgresMissing)('cluster collect', () => {
  const { url, newAddress } = postgresStores();

  it('deletes what a dead process left', async () => {
    const base = `${newAddress()}?lease=5`;
    await sstitchJson('generate', base, '--grants', '20');
    const before = await digestsOf(base);
    const connection = await openPostgres({ connectionString: url() });
    const port = connection.store(parseClusterName(base).store);
    const [owner, run] = [randomUUID(), randomUUID()];
    await port.writeLease({ owner, slot: 1, beat: 1, durationMs: 200 });
    await port.writeLoad({ run, owner, chunks: 64 });
    await port.writeChunk(run, 0, [new Uint8Array(100)]);
    expect(await valid('cluster status', base)).toMatchObject({
      leases: [{ owner, slot: 1, beat: 1, durationMs: 200 }],
      loads: [{ run, owner, chunks: 64 }],
      orphans: 1,
    });
    const collected = await valid('cluster collect', base, '--find-dead');
    expect(collected).toMatchObject({ deletedLoads: 1, deletedLeases: 1 });
    expect(await port.readChunk(run, 0)).toEqual([]);
    await connection.close();
    expect(await valid('cluster status', base)).toMatchObject({
      loads: [],
      orphans: 0,
      leases: [],
    });
    expect(await digestsOf(base)).toEqual(before);
  });

  it('keeps the loads of other processes, and says how to find out whether they have died', async () => {
    const base = newAddress();
    await sstitchJson('generate', base, '--grants', '20');
    expect((await sstitch(['cluster', 'collect', base])).stdout).not.toContain('kept');
    const connection = await openPostgres({ connectionString: url() });
    const port = connection.store(parseClusterName(base).store);
    const store = new ClusterStore(port);
    const ending = new AbortController();
    const chunk = new Uint8Array(100_000);
    const replaced = store.replaceSpans(
      [{ start: Buffer.from('a'), end: Buffer.from('b') }],
      (async function* () {
        // More than a chunk, so that the load begins; it does not end.
        for (let at = 10; at < 50; at++) yield [[Buffer.from(`a${at}`), chunk] as const];
        await sleep(2 ** 30, undefined, { signal: ending.signal });
      })(),
      { signal: ending.signal },
    );
    while ((await port.readLoads()).length === 0) await Promise.race([replaced, sleep(10)]);
    expect((await sstitch(['cluster', 'collect', base])).stdout).toMatch(
      /^kept 1 load of other processes: --find-dead finds out whether they have died$/m,
    );
    ending.abort();
    await expect(replaced).rejects.toMatchObject({ code: 'SSTITCH_ABORTED' });
    await store.close();
    await connection.close();
  });
});
