import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterStore, MemoryCluster } from '@sstitch/cluster';
import { byteEncodings, type Engine } from '@sstitch/contract';
import { describe, expect, it, vi } from 'vitest';
import { ClusterWriter } from './cluster-writer.js';

const utf8 = new TextEncoder();
const span = { start: utf8.encode('a'), end: utf8.encode('b') };

describe('a store on a cluster that is open for writing', () => {
  it('passes on the spans that a snapshot watches, and the snapshot on which a bulk load depends', async () => {
    const ifUnchanged = {
      ref() {},
      unref() {},
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
    const calls: unknown[] = [];
    const engine = {
      snapshot: (options: unknown) => {
        calls.push(options);
        return ifUnchanged;
      },
      replaceSpans: async (...given: unknown[]) => {
        calls.push(given[2]);
        return { entries: 1, pauseMs: 0, durationMs: 0 };
      },
    };
    const writer = await ClusterWriter.open(engine as unknown as Engine);
    const loader = writer.tableLoader();
    try {
      expect(writer.snapshot({ watch: [span] })).toBe(ifUnchanged);
      const tables = await loader.finish([span]);
      await writer.ingestAndExcise(tables, { ifUnchanged });
      expect(calls).toEqual([{ watch: [span] }, { ...byteEncodings, ifUnchanged }]);
    } finally {
      await loader.end();
      await writer.close();
    }
  });

  it('deletes the tables of a bulk load after it, since a conflict repeats the load', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sstitch-writer-'));
    vi.stubEnv('TMPDIR', directory);
    const engine = new ClusterStore<Uint8Array, Uint8Array>(
      new MemoryCluster().store('s'),
      byteEncodings,
    );
    const writer = await ClusterWriter.open(engine);
    const loader = writer.tableLoader();
    try {
      await loader.add([
        {
          prefix: utf8.encode('a'),
          bytes: utf8.encode('kv'),
          keyEnds: Uint32Array.of(1),
          ends: Uint32Array.of(2),
          count: 1,
        },
      ]);
      await writer.ingestAndExcise(await loader.finish([span]));
      expect(await engine.keys().all()).toEqual([utf8.encode('ak')]);
      const left = readdirSync(directory, { recursive: true, withFileTypes: true });
      expect(left.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([]);
    } finally {
      await loader.end();
      await writer.close();
      await engine.close();
      vi.unstubAllEnvs();
      rmSync(directory, { recursive: true });
    }
  });
});
