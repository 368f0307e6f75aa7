// The writer process: sorts records, builds tables and compresses. All of that blocks its thread; a separate
// process leaves the caller's thread free and can be killed at any time.
import { recordsOf } from '../record-pages.js';
import type { SyncWriter } from '../sync-writer.js';
import { openWriter, type WriterRequest } from './open-writer.js';
import { reportProgress, serve } from './serve.js';

let writer: SyncWriter | undefined;
let path = '';

serve({
  otherwise: 'SSTITCH_C1Z_WRITER_FAILED',
  path: () => path,
  answer(body) {
    const asked = body as WriterRequest;
    switch (asked.kind) {
      case 'start':
        path = asked.target;
        writer = openWriter(asked);
        return undefined;
      case 'add':
        return writer?.add(asked.syncId, asked.bucket, recordsOf(asked.page));
      case 'finish':
        return writer?.finish(reportProgress);
    }
  },
});
