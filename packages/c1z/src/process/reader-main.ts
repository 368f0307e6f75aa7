// The reader process: decodes a .c1z file and answers for its records. Decoding, SQLite and Pebble's tables all block
// the thread they run on, for seconds on a large file, and a hostile file may do so for longer, or crash the process.
// A process of its own leaves the caller's thread free, and can be killed at any time.
//
// A process, not a worker thread: Node.js 20 can abort as a whole when a thread ends while V8 is still
// optimizing its code (IsolatePlatformDelegate, "data.first != nullptr").
import type { SyncContents } from '../sync-contents.js';
import { type OpenedContents, openContents, type ReaderRequest } from './open-contents.js';
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
    path = asked.path;
    contents = await openContents(asked, FILE_DESCRIPTOR, reportProgress);
    const { decodedBytes, engine } = contents;
    return { decodedBytes, engine, syncRuns: contents.syncRuns() } satisfies OpenedContents;
  },
});
