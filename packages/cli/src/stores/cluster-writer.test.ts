import { byteEncodings, type Engine } from '@sstitch/contract';
import { describe, expect, it } from 'vitest';
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
});
