// `clear` with a limit or of a snapshot's keys, neither of which is a span: deletes key by key, in several commits.
import type { Span } from '@sstitch/contract';
import { throwIfAborted } from '../errors.js';
import type { View } from '../protocol/log-client.js';
import { readRange } from '../runs/read-range.js';
import type { StoreCore } from './store-core.js';

const KEYS_PER_BATCH = 1000;

/**
 * Deletes the first keys of a span, at most `limit` unless that is -1.
 *
 * @throws ClusterError as `readRange` and `write`; SSTITCH_ABORTED between two commits
 */
export async function clearEntries(
  core: StoreCore,
  span: Span,
  { limit, reverse }: { readonly limit: number; readonly reverse: boolean },
  snapshot: View | undefined,
  signal: AbortSignal,
): Promise<void> {
  const view = snapshot ?? core.client.view();
  let left = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  let keys: Uint8Array[] = [];
  const deleteKeys = async () => {
    throwIfAborted(signal);
    await core.write(keys.map((key) => ({ type: 'del', key })));
    keys = [];
  };
  try {
    for await (const page of readRange(core.reader, await view.state(), span, {
      reverse,
      signal,
    })) {
      for (const { key } of page) {
        if (left === 0) break;
        left -= 1;
        keys.push(key);
        if (keys.length === KEYS_PER_BATCH) await deleteKeys();
      }
      if (left === 0) break;
    }
    await deleteKeys();
  } finally {
    if (snapshot === undefined) view.release();
  }
}
