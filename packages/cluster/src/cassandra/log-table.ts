// The log's slots and heads.
import { ClusterError } from '../errors.js';
import { type AppendOutcome, firstSlotOf, type LogSlot, lastSlotOf, segmentOf } from '../port.js';
import { unavailable, wasDenied, wasNeverSent } from './failures.js';
import { type CassandraSession, type Consistency, numberIn, type Parameter } from './session.js';

/** Slots that a statement reads: at most 4 MiB, unless they replace thousands of spans. */
const SLOTS_PER_READ = 64;
/** Above every timestamp that a coordinator's clock gives to an append. */
const AFTER_EVERY_APPEND = 2n ** 62n;

export class LogTable {
  readonly #session: CassandraSession;
  readonly #store: string;
  readonly #queries: ReturnType<typeof queriesOn>;

  constructor(session: CassandraSession, keyspace: string, store: string) {
    this.#session = session;
    this.#store = store;
    this.#queries = queriesOn(keyspace);
  }

  async readHead(segment: number, consistency: Consistency): Promise<number | undefined> {
    const params = [this.#store, segment];
    const [row] = await this.#session.run(this.#queries.head, params, consistency);
    if (row === undefined || row.get('head') === null) return undefined;
    return numberIn(row, 'head');
  }

  /**
   * A quorum read that repairs a replica may repair the head alone, so a slot up to the head can be missing at a quorum
   * for a moment. A serial read has it, or it was deleted.
   */
  async readSlots(from: number, to: number, consistency: Consistency): Promise<LogSlot[]> {
    const slots: LogSlot[] = [];
    for (let first = from; first <= to; first += SLOTS_PER_READ) {
      const last = Math.min(to, first + SLOTS_PER_READ - 1);
      let found = await this.#readRange(first, last, consistency);
      if (found.length < last - first + 1 && consistency !== 'serial') {
        const head = await this.readHead(segmentOf(from), consistency);
        const filled = Math.min(last, head ?? 0) - first + 1;
        if (found.length < filled) found = await this.#readRange(first, last, 'serial');
      }
      slots.push(...found);
    }
    return slots;
  }

  async appendSlot(slot: number, record: Uint8Array): Promise<AppendOutcome> {
    const segment = segmentOf(slot);
    const isFirst = slot === firstSlotOf(segment);
    const written: Parameter[] = [slot, record, this.#store, segment, slot];
    try {
      const isApplied = isFirst
        ? await this.#session.runConditional(this.#queries.appendFirst, written)
        : await this.#session.runConditional(this.#queries.append, [...written, slot - 1]);
      return { outcome: isApplied ? 'applied' : 'lost' };
    } catch (cause) {
      if (cause instanceof ClusterError) throw cause;
      if (wasNeverSent(cause) || wasDenied(cause)) throw unavailable(cause);
      return { outcome: 'unknown', cause };
    }
  }

  async deleteSegment(segment: number): Promise<void> {
    const params = [this.#store, segment, firstSlotOf(segment), lastSlotOf(segment)];
    await this.#session.run(this.#queries.delete, params, 'quorum');
  }

  async #readRange(from: number, to: number, consistency: Consistency): Promise<LogSlot[]> {
    const params = [this.#store, segmentOf(from), from, to];
    const rows = await this.#session.run(this.#queries.slots, params, consistency);
    return rows.map((row) => ({ slot: numberIn(row, 'slot'), record: row.get('record') }));
  }
}

function queriesOn(keyspace: string) {
  const table = `${keyspace}.log`;
  const append = `UPDATE ${table} SET head = ?, record = ? WHERE store = ? AND segment = ? AND slot = ?`;
  const slots = 'WHERE store = ? AND segment = ? AND slot >= ? AND slot <= ?';
  return {
    // DISTINCT: any other SELECT leaves out the static column of a partition without rows.
    head: `SELECT DISTINCT store, segment, head FROM ${table} WHERE store = ? AND segment = ?`,
    slots: `SELECT slot, record FROM ${table} ${slots}`,
    append: `${append} IF head = ?`,
    appendFirst: `${append} IF head = null`,
    // The head is static: a delete of rows leaves it.
    delete: `DELETE FROM ${table} USING TIMESTAMP ${AFTER_EVERY_APPEND} ${slots}`,
  };
}
