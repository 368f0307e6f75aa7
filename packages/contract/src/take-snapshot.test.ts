import { expect, test } from 'vitest';
import type { EngineSnapshot, ReadableEngine, SnapshotOptions } from './engine.js';
import { takeSnapshot } from './take-snapshot.js';

/** An engine of which only the status, reads and snapshots exist. */
function engineOf(status: string, calls: string[]): ReadableEngine {
  const engine = {
    status,
    getMany: async () => {
      calls.push('getMany');
      return [];
    },
    snapshot: (options?: SnapshotOptions) => {
      calls.push(options?.watch === undefined ? 'snapshot' : 'watching snapshot');
      return { close: async () => undefined } as EngineSnapshot;
    },
  };
  return engine as unknown as ReadableEngine;
}

test('a snapshot of an engine that opens waits for a read, and that of an open one does not', async () => {
  const opening: string[] = [];
  await takeSnapshot(engineOf('opening', opening));
  expect(opening).toEqual(['getMany', 'snapshot']);
  const open: string[] = [];
  await takeSnapshot(engineOf('open', open));
  expect(open).toEqual(['snapshot']);
});

test('a snapshot has the options of the call', async () => {
  const calls: string[] = [];
  await takeSnapshot(engineOf('open', calls), { watch: [] });
  expect(calls).toEqual(['watching snapshot']);
});
