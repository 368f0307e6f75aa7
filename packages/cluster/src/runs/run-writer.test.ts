import { describe, expect, it } from 'vitest';
import { ClusterError } from '../errors.js';
import { MemoryCluster } from '../memory/memory-port.js';
import type { ClusterPort } from '../port.js';
import { runEntries } from './run-cursor.js';
import { writeRun } from './run-writer.js';
import {
  bytes,
  entriesOf,
  memoryPort,
  numberedPages,
  portWith,
  readerOf,
  writerOptions,
  written,
} from './runs.test-support.js';

const everything = { start: bytes(''), end: undefined };
const forward = { reverse: false };

/** A port that records what it is asked for. */
function recordingPort(port: ClusterPort, calls: string[]): ClusterPort {
  return portWith(port, {
    writeLoad: (load) => {
      calls.push(`intent ${load.chunks}`);
      return port.writeLoad(load);
    },
    writeChunk: async (run, chunk, blocks) => {
      calls.push(`chunk ${chunk}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return port.writeChunk(run, chunk, blocks);
    },
    writeRunIndex: (run, parts) => {
      calls.push('index');
      return port.writeRunIndex(run, parts);
    },
  });
}

describe('writeRun', () => {
  it('writes entries to chunks of about 1 MiB and says what it wrote', async () => {
    const port = memoryPort();
    const { run } = await written(port, numberedPages(30_000), 4096);
    expect(run.entries).toBe(30_000);
    expect(run.chunks).toBe(4);
    let blocks = 0;
    let size = 0;
    for (let chunk = 0; chunk < run.chunks; chunk += 1) {
      const read = await port.readChunk(run.id, chunk);
      const chunkBytes = read.reduce((sum, block) => sum + block.length, 0);
      expect(chunkBytes).toBeLessThan(1.5 * 1024 * 1024);
      blocks += read.length;
      size += chunkBytes;
    }
    expect([run.blocks, run.bytes]).toEqual([blocks, size]);
    expect(run.first).toEqual(bytes('key 0000000'));
    expect(run.last).toEqual(bytes('key 0029999'));
  });

  it('joins, then writes an intent before the chunks that it covers, and the index last', async () => {
    const calls: string[] = [];
    const options = writerOptions(recordingPort(memoryPort(), calls));
    options.client.join = async () => void calls.push('join');
    await writeRun(numberedPages(70, 1024 * 1024), options);
    expect(calls.slice(0, 3)).toEqual(['join', 'intent 64', 'chunk 0']);
    expect(calls.indexOf('intent 128')).toBe(calls.indexOf('chunk 64') - 1);
    expect(calls.at(-1)).toBe('index');
    expect(calls.filter((call) => call.startsWith('chunk'))).toHaveLength(70);
  });

  it('writes nothing at all for no entries', async () => {
    const calls: string[] = [];
    const options = writerOptions(recordingPort(memoryPort(), calls));
    expect(await writeRun([[], []], options)).toBeUndefined();
    expect(calls).toEqual([]);
  });

  it('puts a large value in a block and a chunk of its own', async () => {
    const port = memoryPort();
    const large = { key: bytes('b'), value: new Uint8Array(5_000_000).fill(7), sequence: 0 };
    const [a, c] = [entriesOf({ a: 'small' }), entriesOf({ c: 'small' })];
    const { run } = await written(port, [a, [large], c]);
    expect(run.chunks).toBe(3);
    const pages: string[] = [];
    for await (const page of runEntries(readerOf(port), run, everything, forward)) {
      for (const { key, value } of page) pages.push(`${Buffer.from(key)} ${value?.length}`);
    }
    expect(pages).toEqual(['a 5', 'b 5000000', 'c 5']);
  });

  it('sends a chunk that the backend did not acknowledge again, with the same bytes', async () => {
    const port = memoryPort();
    const sent = new Map<number, Buffer[]>();
    const failing = portWith(port, {
      writeChunk: async (run, chunk, blocks) => {
        const copies = sent.get(chunk) ?? [];
        sent.set(chunk, [...copies, Buffer.concat(blocks)]);
        if (copies.length < 2) throw new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', 'no answer');
        return port.writeChunk(run, chunk, blocks);
      },
    });
    await written(failing, numberedPages(30_000), 4096);
    expect(sent.size).toBe(4);
    for (const copies of sent.values()) {
      expect(copies).toHaveLength(3);
      expect(copies.every((copy) => copies[0]?.equals(copy))).toBe(true);
    }
  });

  it('keeps at most 8 MiB and one chunk in flight', async () => {
    const port = memoryPort();
    let inFlight = 0;
    let most = 0;
    const slow = portWith(port, {
      writeChunk: async () => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await new Promise((resolve) => setTimeout(resolve, 2));
        inFlight -= 1;
      },
    });
    await written(slow, numberedPages(40, 1024 * 1024));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  const failures: ReadonlyArray<readonly [string, Partial<ClusterPort>]> = [
    ['a chunk', { writeChunk: async () => Promise.reject(new Error('broken')) }],
    ['the index', { writeRunIndex: async () => Promise.reject(new Error('broken')) }],
  ];
  for (const [what, override] of failures) {
    it(`that fails at ${what} drops the run and its intent`, async () => {
      const cluster = new MemoryCluster();
      const port = portWith(cluster.store('store'), override);
      await expect(written(port, numberedPages(30_000), 4096)).rejects.toThrow('broken');
      expect(cluster.rowCounts('store')).toMatchObject({ chunks: 0, indexes: 0, loads: 0 });
    });
  }

  it('that is aborted drops the run and its intent, and closes its source', async () => {
    const cluster = new MemoryCluster();
    const controller = new AbortController();
    let isClosed = false;
    const pages = (function* () {
      try {
        for (const page of numberedPages(30_000)) {
          if (cluster.rowCounts('store').chunks > 1) controller.abort('enough');
          yield page;
        }
      } finally {
        isClosed = true;
      }
    })();
    const options = { ...writerOptions(cluster.store('store')), signal: controller.signal };
    await expect(writeRun(pages, options)).rejects.toMatchObject({
      name: 'AbortError',
      cause: 'enough',
    });
    expect(isClosed).toBe(true);
    expect(cluster.rowCounts('store')).toMatchObject({ chunks: 0, indexes: 0, loads: 0 });
  });

  it('sends no chunk once the lease is lost, even if its intent was written', async () => {
    const calls: string[] = [];
    const options = writerOptions(recordingPort(memoryPort(), calls));
    const lost = new ClusterError('SSTITCH_LEASE_LOST', 'slept');
    options.client.checkLease = () => {
      throw lost;
    };
    await expect(writeRun(numberedPages(30_000), options)).rejects.toBe(lost);
    expect(calls).toEqual(['intent 64']);
  });

  it('leaves the intent where a failed run cannot be deleted', async () => {
    const cluster = new MemoryCluster();
    const port = portWith(cluster.store('store'), {
      writeRunIndex: async () => Promise.reject(new Error('broken')),
      deleteRun: async () => Promise.reject(new Error('gone')),
    });
    await expect(written(port, numberedPages(30_000), 4096)).rejects.toThrow('broken');
    expect(cluster.rowCounts('store')).toMatchObject({ chunks: 4, loads: 1 });
  });
});
