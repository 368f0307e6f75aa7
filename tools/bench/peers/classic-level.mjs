// classic-level as its users replace a range: clear it, then put the new entries, batch by batch.
//
// Tuned: a write buffer of 64 MiB (16 times the default) so that the loop stalls less on flushes and
// compactions; pages of 2,048 entries; keys and values are bytes. Only the last batch is synced: LevelDB writes
// its log in order, so that also makes the earlier batches durable.
import { byteEncodings } from '@sstitch/contract';
import { ClassicLevel } from 'classic-level';
import { servePeer } from './driver.mjs';
import { loadLevel, pagesOf } from './level-database.mjs';

const WRITE_BUFFER_BYTES = Number(process.env['WRITE_BUFFER_BYTES'] ?? 64 << 20);

await servePeer({
  async open(directory) {
    const database = new ClassicLevel(directory, { writeBufferSize: WRITE_BUFFER_BYTES });
    await database.open();
    return database;
  },
  load: loadLevel,
  pages: pagesOf,
  async replace(base, source, spans) {
    for (const [gte, lt] of spans) await base.clear({ keyEncoding: 'view', gte, lt });
    let operations = [];
    for (const [gte, lt] of spans) {
      for await (const page of pagesOf(source, { gte, lt })) {
        if (operations.length > 0) await base.batch(operations, byteEncodings);
        operations = page.map(([key, value]) => ({ type: 'put', key, value }));
      }
    }
    await base.batch(operations, { ...byteEncodings, sync: true });
  },
});
