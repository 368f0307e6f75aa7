// A list of byte strings as rows: one row per string, several for a long one. Cassandra refuses a write of more than
// half a commit log segment (16 MiB by default), and works best far below.

/** The most bytes of a row. */
export const PART_BYTES = 256 * 1024;

export interface ValueRow {
  /** The place of the string in its list. */
  readonly index: number;
  readonly part: number;
  /** How many parts the string has. */
  readonly parts: number;
  readonly data: Uint8Array;
}

export function* rowsOf(values: readonly Uint8Array[]): Generator<ValueRow> {
  for (const [index, value] of values.entries()) {
    const parts = Math.max(1, Math.ceil(value.length / PART_BYTES));
    for (let part = 0; part < parts; part++) {
      const data = value.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      yield { index, part, parts, data };
    }
  }
}

/** The strings whose rows are all there, by their index. The rows are in the order of {@link rowsOf}. */
export function valuesOf(rows: readonly ValueRow[]): Map<number, Uint8Array> {
  const partsByIndex = new Map<number, ValueRow[]>();
  for (const row of rows) {
    const parts = partsByIndex.get(row.index);
    if (parts === undefined) partsByIndex.set(row.index, [row]);
    else parts.push(row);
  }
  const values = new Map<number, Uint8Array>();
  for (const [index, parts] of partsByIndex) {
    const [first] = parts;
    if (first === undefined || parts.length !== first.parts) continue;
    values.set(index, parts.length === 1 ? first.data : Buffer.concat(parts.map(dataOf)));
  }
  return values;
}

function dataOf({ data }: ValueRow): Uint8Array {
  return data;
}
