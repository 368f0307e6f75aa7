// LMDB with lmdb-js: one synchronous transaction that deletes the spans and puts the source's entries.
//
// Tuned: values and keys are bytes, no compression; reads of the source reuse lmdb-js's buffers, because `put`
// copies; `overlappingSync: false`, so that a transaction is synced when it returns.
import { open } from 'lmdb';
import { servePeer } from './driver.mjs';

const PAGE_ENTRIES = 2048;
/** Pages in each transaction of the load: each transaction is synced. */
const LOAD_PAGES = 64;
const MAP_BYTES = 64 * 2 ** 30;

await servePeer({
  async open(path) {
    return open({
      path,
      keyEncoding: 'binary',
      encoding: 'binary',
      compression: false,
      overlappingSync: false,
      mapSize: MAP_BYTES,
      maxDbs: 1,
    });
  },
  async load(database, pages) {
    let held = [];
    const write = () => {
      database.transactionSync(() => {
        for (const page of held) for (const [key, value] of page) database.putSync(key, value);
      });
      held = [];
    };
    for await (const page of pages) {
      held.push(page);
      if (held.length >= LOAD_PAGES) write();
    }
    write();
  },
  async *pages(database) {
    let page = [];
    for (const { key, value } of database.getRange({ snapshot: true })) {
      page.push([key, value]);
      if (page.length < PAGE_ENTRIES) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  },
  async replace(base, source, spans) {
    base.transactionSync(() => {
      for (const [start, end] of spans) {
        for (const key of base.getKeys({ start, end, snapshot: false })) base.removeSync(key);
        for (const { key, value } of source.getRange({ start, end })) base.putSync(key, value);
      }
    });
  },
});
