// Chunks of byte strings. They never change, so a replica can lack one but not have an old one: a read asks one replica,
// then a quorum, then all.
import type { CassandraSession, Consistency, Row, Statement } from './session.js';
import { rowsOf, type ValueRow, valuesOf } from './values-in-rows.js';

/** What a node applies together. One write per row costs the nodes four times the CPU. */
const MAX_WRITE_BYTES = 512 * 1024;
const PARALLEL_WRITES = 4;
const PARALLEL_DELETES = 16;
const READ_ORDER: readonly Consistency[] = ['one', 'quorum', 'all'];

export class BlocksTable {
  readonly #session: CassandraSession;
  readonly #queries: ReturnType<typeof queriesOn>;

  constructor(session: CassandraSession, keyspace: string) {
    this.#session = session;
    this.#queries = queriesOn(keyspace);
  }

  /** Writes a chunk. A repeated write must have the same bytes. */
  async writeChunk(run: string, chunk: number, blocks: readonly Uint8Array[]): Promise<void> {
    if (blocks.length === 0) {
      await this.#session.run(this.#queries.writeEmpty, [run, chunk], 'quorum');
      return;
    }
    await inParallel(this.#writesOf(run, chunk, blocks), PARALLEL_WRITES, (statements) =>
      this.#session.runTogether(statements),
    );
  }

  /** Undefined only if no replica has it. */
  async readBlock(run: string, chunk: number, block: number): Promise<Uint8Array | undefined> {
    for (const consistency of READ_ORDER) {
      const params = [run, chunk, block];
      const rows = await this.#session.run(this.#queries.readBlock, params, consistency);
      const value = valuesOf(rows.map(valueRow)).get(block);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** The blocks that some replica has. */
  async readChunk(run: string, chunk: number): Promise<Uint8Array[]> {
    let found: Uint8Array[] = [];
    for (const consistency of READ_ORDER) {
      const { blocks, isWhole } = await this.readChunkAt(run, chunk, consistency);
      if (isWhole) return blocks;
      found = blocks;
    }
    return found;
  }

  /** The blocks that the replicas of one read have. */
  async readChunkAt(
    run: string,
    chunk: number,
    consistency: Consistency,
  ): Promise<{ readonly blocks: Uint8Array[]; readonly isWhole: boolean }> {
    const rows = await this.#session.run(this.#queries.readChunk, [run, chunk], consistency);
    const count = rows[0]?.get('blocks') as number | null | undefined;
    // A chunk without blocks is a row of the static column alone.
    const values = valuesOf(rows.filter((row) => row.get('block') !== null).map(valueRow));
    return { blocks: [...values.values()], isWhole: values.size === count };
  }

  /** Deletes the chunks `from` to `before`, exclusive; what is written to them later stays deleted. */
  async deleteChunks(run: string, from: number, before: number): Promise<void> {
    const chunks = Array.from({ length: before - from }, (_, at) => from + at);
    await inParallel(chunks, PARALLEL_DELETES, (chunk) =>
      this.#session.run(this.#queries.deleteChunk, [run, chunk], 'quorum'),
    );
  }

  *#writesOf(run: string, chunk: number, blocks: readonly Uint8Array[]): Generator<Statement[]> {
    let statements: Statement[] = [];
    let bytes = 0;
    for (const { index, part, parts, data } of rowsOf(blocks)) {
      if (bytes + data.length > MAX_WRITE_BYTES && statements.length > 0) {
        yield statements;
        statements = [];
        bytes = 0;
      }
      const params = [run, chunk, blocks.length, index, part, parts, data];
      statements.push({ query: this.#queries.writeRow, params });
      bytes += data.length;
    }
    yield statements;
  }
}

function valueRow(row: Row): ValueRow {
  return {
    index: row.get('block'),
    part: row.get('part'),
    parts: row.get('parts'),
    data: row.get('data'),
  };
}

async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: limit }, worker));
}

function queriesOn(keyspace: string) {
  const table = `${keyspace}.blocks`;
  return {
    writeRow: `INSERT INTO ${table} (run, chunk, blocks, block, part, parts, data) VALUES (?, ?, ?, ?, ?, ?, ?)
      USING TIMESTAMP 1`,
    writeEmpty: `INSERT INTO ${table} (run, chunk, blocks) VALUES (?, ?, 0) USING TIMESTAMP 1`,
    readBlock: `SELECT block, part, parts, data FROM ${table} WHERE run = ? AND chunk = ? AND block = ?`,
    readChunk: `SELECT blocks, block, part, parts, data FROM ${table} WHERE run = ? AND chunk = ?`,
    deleteChunk: `DELETE FROM ${table} USING TIMESTAMP 2 WHERE run = ? AND chunk = ?`,
  };
}
