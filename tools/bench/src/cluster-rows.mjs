// What a team would do in Cassandra without SSTitch: one row for each record, deleted and inserted in place. The schema
// is as favourable as possible: each span is a partition, which is deleted as a whole, and rows are written together, as
// SSTitch writes blocks. The replacement is not atomic: readers see a mix while it runs.
import driver from 'cassandra-driver';

const MAX_WRITE_BYTES = 512 * 1024;
/** As many bytes in flight as a store has. */
const PARALLEL_WRITES = 16;
const ATTEMPTS = 5;
const PAGE_ROWS = 5000;

export class RowTable {
  #client;
  #table;

  constructor(client, keyspace) {
    this.#client = client;
    this.#table = `${keyspace}.rows`;
  }

  async create() {
    await this.#client.execute(
      `CREATE TABLE IF NOT EXISTS ${this.#table} (store text, span int, key blob, value blob,
        PRIMARY KEY ((store, span), key))
        WITH compaction = {'class': 'UnifiedCompactionStrategy'}`,
    );
  }

  /** Deletes what the spans of a store hold, then inserts entries. */
  async replace(store, spans, pages) {
    for (const span of spans.keys()) {
      const query = `DELETE FROM ${this.#table} WHERE store = ? AND span = ?`;
      await again(() => this.#client.execute(query, [store, span], this.#options()));
    }
    let entries = 0;
    const writing = new Set();
    for await (const statements of this.#writesOf(store, spans, pages)) {
      entries += statements.length;
      const options = { ...this.#options(), logged: false };
      const write = again(() => this.#client.batch(statements, options));
      writing.add(write);
      write.finally(() => writing.delete(write)).catch(() => {});
      if (writing.size >= PARALLEL_WRITES) await Promise.race(writing);
    }
    await Promise.all(writing);
    return entries;
  }

  /** Reads all entries of the spans. @returns their number */
  async scan(store, spans) {
    let entries = 0;
    for (const span of spans.keys()) {
      const query = `SELECT key, value FROM ${this.#table} WHERE store = ? AND span = ?`;
      const options = { ...this.#options(driver.types.consistencies.one), fetchSize: PAGE_ROWS };
      let pageState;
      do {
        const page = pageState === undefined ? options : { ...options, pageState };
        const result = await again(() => this.#client.execute(query, [store, span], page));
        entries += result.rows.length;
        pageState = result.pageState ?? undefined;
      } while (pageState !== undefined);
    }
    return entries;
  }

  async *#writesOf(store, spans, pages) {
    const query = `INSERT INTO ${this.#table} (store, span, key, value) VALUES (?, ?, ?, ?)`;
    let statements = [];
    let bytes = 0;
    let span = 0;
    for await (const page of pages) {
      for (const [key, value] of page) {
        const isNextSpan = Buffer.compare(key, spans[span].end) >= 0;
        if (statements.length > 0 && (isNextSpan || bytes > MAX_WRITE_BYTES)) {
          yield statements;
          statements = [];
          bytes = 0;
        }
        while (Buffer.compare(key, spans[span].end) >= 0) span += 1;
        statements.push({ query, params: [store, span, Buffer.from(key), Buffer.from(value)] });
        bytes += key.length + value.length;
      }
    }
    if (statements.length > 0) yield statements;
  }

  #options(consistency = driver.types.consistencies.quorum) {
    return { prepare: true, consistency, isIdempotent: true };
  }
}

/** Busy nodes time out. */
async function again(work) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}
