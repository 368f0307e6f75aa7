// Runs for tests: sorted text entries, written to a backend in memory.
import { compareBytes } from '@sstitch/contract';
import { systemClock } from '../clock.js';
import { MemoryCluster } from '../memory/memory-port.js';
import type { ClusterPort } from '../port.js';
import type { RunEntry } from './block.js';
import { BlockCache } from './block-cache.js';
import { RunReader } from './run-reader.js';
import { type WrittenRun, writeRun } from './run-writer.js';

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export function text(data: Uint8Array): string {
  return Buffer.from(data).toString('latin1');
}

/** Entries by key; a value of undefined is a tombstone. */
export function entriesOf(values: Readonly<Record<string, string | undefined>>): RunEntry[] {
  return Object.entries(values)
    .map(([key, value]) => ({
      key: bytes(key),
      value: value === undefined ? undefined : bytes(value),
      sequence: 0,
    }))
    .sort((a, b) => compareBytes(a.key, b.key));
}

export function numberedKey(number: number): string {
  return `key ${String(number).padStart(7, '0')}`;
}

/** Entries with values that do not compress by prefix, in pages of 100. */
export function* numberedPages(count: number, valueBytes = 100): Generator<RunEntry[]> {
  for (let from = 0; from < count; from += 100) {
    yield Array.from({ length: Math.min(100, count - from) }, (_, index) => ({
      key: bytes(numberedKey(from + index)),
      value: new Uint8Array(valueBytes).fill(from + index),
      sequence: 0,
    }));
  }
}

export function memoryPort(): ClusterPort {
  return new MemoryCluster().store('store');
}

/** A port whose methods `override` replaces. */
export function portWith(port: ClusterPort, override: Partial<ClusterPort>): ClusterPort {
  return new Proxy(port, {
    get(target, name: keyof ClusterPort) {
      const own = override[name] ?? target[name];
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

export const writerOptions = (port: ClusterPort) => ({
  port,
  clock: { ...systemClock, sleep: async () => undefined },
  client: { owner: 'owner', join: async () => undefined, checkLease: () => undefined },
  blockSizeBytes: 1024,
});

export async function written(
  port: ClusterPort,
  pages: Iterable<readonly RunEntry[]>,
  blockSizeBytes = 1024,
): Promise<WrittenRun> {
  const run = await writeRun(pages, { ...writerOptions(port), blockSizeBytes });
  if (run === undefined) throw new Error('the run has no entries');
  return run;
}

export function readerOf(port: ClusterPort, cacheBytes = 1024 * 1024): RunReader {
  return new RunReader({ port, cache: new BlockCache(cacheBytes), checkLease: () => undefined });
}
