// Shared parts of the drivers of Level databases: reading entries and loading.
import { byteEncodings } from '@sstitch/contract';

const PAGE_ENTRIES = 2048;

/** Yields the entries of a range in pages. */
export async function* pagesOf(database, range = {}) {
  const iterator = database.iterator({ ...byteEncodings, ...range });
  try {
    for (;;) {
      const page = await iterator.nextv(PAGE_ENTRIES);
      if (page.length === 0) return;
      yield page;
    }
  } finally {
    await iterator.close();
  }
}

/** Writes entries in the given order, then settles the tree. */
export async function loadLevel(database, pages) {
  for await (const page of pages) {
    const operations = page.map(([key, value]) => ({ type: 'put', key, value }));
    await database.batch(operations, byteEncodings);
  }
  await database.compactRange(Buffer.of(0), Buffer.of(255), { keyEncoding: 'view' });
}
