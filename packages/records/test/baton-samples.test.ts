// Records that ConductorOne's own SDK wrote, outside the repository. Their bytes are the reference.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { toHex } from '@sstitch/keys';
import { describe, expect, test } from 'vitest';
import { decodeRecord, encodeRecord, isValueBucket, type ValueBucket } from '../src/index.js';

const DIRECTORY = new URL('../../../../shared/data/c1z3/', import.meta.url);
const FILES = existsSync(DIRECTORY)
  ? readdirSync(DIRECTORY).filter((name) => name.endsWith('.records.jsonl.gz'))
  : [];

/** "stats" in the metadata of the engine; a sync id may follow. */
const STATS_KEY = '03ff737461747300';

interface Line {
  readonly type: ValueBucket;
  readonly pb: string;
}

interface RawLine {
  readonly k: string;
  readonly v: string;
}

function linesOf<T>(name: string): T[] {
  const text = gunzipSync(readFileSync(new URL(name, DIRECTORY))).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

function expectSameBytes(bucket: ValueBucket, hex: string): void {
  const record = decodeRecord(bucket, new Uint8Array(0), new Uint8Array(Buffer.from(hex, 'hex')));
  expect(record.$unknown).toBeUndefined();
  expect(toHex(encodeRecord(record))).toBe(hex);
}

describe.skipIf(FILES.length === 0)("baton-sdk's own records (skipped without the samples)", () => {
  test.each(FILES)('in %s encode to their original bytes', (name) => {
    const lines = gunzipSync(readFileSync(new URL(name, DIRECTORY)))
      .toString('utf8')
      .trim()
      .split('\n');
    for (const line of lines) {
      const { type, pb } = JSON.parse(line) as Line;
      expect(isValueBucket(type)).toBe(true);
      expectSameBytes(type, pb);
    }
    const raw = linesOf<RawLine>(name.replace('.records.', '.raw.'));
    const stats = raw.filter(({ k }) => k.startsWith(STATS_KEY));
    expect(stats.length).toBeGreaterThan(0);
    // The SDK that wrote the oldest sample did not sort the entries of maps.
    if (name.includes('-v1.')) return;
    for (const { v } of stats) expectSameBytes('sync_stats', v);
  });
});
