// The reader process: decodes a .c1z file and serves its records. Decoding, SQLite and Pebble's tables block
// their thread, for seconds on a large file; a hostile file may block it for longer or crash the process. A
// separate process leaves the caller's thread free and can be killed at any time.
//
// It is a process, not a worker thread, because Node.js 20 can abort as a whole when a thread ends while V8 is
// still optimizing its code (IsolatePlatformDelegate, "data.first != nullptr").
import type { SyncContents } from '../sync-contents.js';
import { decodeC1z, type OpenedContents, type ReaderRequest } from './decode-c1z.js';
import { reportProgress, serve } from './serve.js';
import { FILE_DESCRIPTOR } from './worker-protocol.js';

let contents: SyncContents | undefined;
let path = '';

serve({
  otherwise: 'SSTITCH_C1Z_READER_FAILED',
  path: () => path,
  async answer(body) {
    const asked = body as ReaderRequest;
    if (asked.kind === 'page') return contents?.page(asked);
    if (asked.kind === 'count') return contents?.count(asked.syncId);
    path = asked.path;
    contents = await decodeC1z(asked, FILE_DESCRIPTOR, reportProgress);
    const { decodedBytes, engine } = contents;
    return { decodedBytes, engine, syncRuns: contents.syncRuns() } satisfies OpenedContents;
  },
});
