// Reads a file in this process as the reader process does.
import { closeSync, openSync, statSync } from 'node:fs';
import { decodeRecord } from '@sstitch/records';
import { readExactly } from '../src/envelope/input-range.js';
import { RECORD_BUCKETS } from '../src/format3/key-layout.js';
import { formatOf, MAGIC_BYTES } from '../src/magic.js';
import { type C1zOptions, checkLimits } from '../src/options.js';
import { decodeC1z } from '../src/process/decode-c1z.js';
import { type Cursor, recordsOf } from '../src/record-pages.js';

/** Reads all records of all syncs, each as "sync bucket bytes". */
export async function readContents(
  path: string,
  directory: string,
  options: C1zOptions = {},
): Promise<string[]> {
  const fileDescriptor = openSync(path, 'r');
  try {
    const fileBytes = statSync(path).size;
    const range = {
      file: { fileDescriptor, path, fileBytes },
      part: undefined,
      start: 0,
      end: fileBytes,
    };
    const format = formatOf(readExactly(range, 0, Math.min(MAGIC_BYTES, fileBytes)), path);
    const limits = checkLimits(options, format, fileBytes);
    const task = { kind: 'open', path, format, fileBytes, directory, zone: 'UTC', limits } as const;
    const contents = await decodeC1z(task, fileDescriptor, () => {});
    try {
      const lines: string[] = [];
      for (const run of recordsOf(contents.syncRuns())) {
        const { syncId } = decodeRecord('sync_run', new Uint8Array(0), run);
        lines.push(`${syncId} sync_run ${hex(run)}`);
        for (const bucket of [...RECORD_BUCKETS, 'sync_stats'] as const) {
          for (let after: Cursor | undefined; ; ) {
            const page = contents.page({ bucket, syncId, after });
            for (const record of recordsOf(page)) lines.push(`${syncId} ${bucket} ${hex(record)}`);
            if (page.next === undefined) break;
            after = page.next;
          }
        }
      }
      return lines;
    } finally {
      contents.close();
    }
  } finally {
    closeSync(fileDescriptor);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
