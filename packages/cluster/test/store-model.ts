// What groups mean, said as plainly as possible: a map from keys to values. Runs are maps too.
import { spansContain } from '@sstitch/contract';
import type { Edit, Group, RunRef } from '../src/log/edits.js';
import { runNamedBy } from '../src/state/apply-record.js';
import { memtableEntryOf } from '../src/state/memtable.js';
import { pieceOf } from '../src/state/pieces.js';
import type { State } from '../src/state/state.js';

/** Keys are one byte, 0 to KEYS - 1. */
export const KEYS = 24;

export interface ModelEntry {
  /** Undefined for a tombstone. */
  readonly value: number | undefined;
  readonly sequence: number;
}

/** The entries of runs, which the state does not have. */
export class ModelRuns {
  readonly #runs = new Map<string, ReadonlyMap<number, ModelEntry>>();

  /** @returns undefined if there are no entries */
  add(id: string, entries: ReadonlyMap<number, ModelEntry>): RunRef | undefined {
    const keys = [...entries.keys()].sort((a, b) => a - b);
    const [first] = keys;
    const last = keys.at(-1);
    if (first === undefined || last === undefined) return undefined;
    this.#runs.set(id, entries);
    return {
      id,
      chunks: 1,
      blocks: 1,
      entries: entries.size,
      bytes: entries.size,
      first: Uint8Array.of(first),
      last: Uint8Array.of(last),
    };
  }

  entriesOf(run: RunRef): ReadonlyMap<number, ModelEntry> {
    const entries = this.#runs.get(run.id);
    if (entries === undefined) throw new Error(`run ${run.id} was never written`);
    return entries;
  }

  /** What a key holds in a state, by the words of state.ts. */
  read(state: State, key: number): number | undefined {
    const bytes = Uint8Array.of(key);
    const piece = pieceOf(state.pieces, bytes);
    let newest: { value: number | undefined; version: number } | undefined;
    const meet = (value: number | undefined, version: number) => {
      if (version > piece.version && (newest === undefined || version > newest.version)) {
        newest = { value, version };
      }
    };
    const write = memtableEntryOf(state.memtable, bytes);
    if (write !== undefined) meet(write.value?.[0], write.version);
    for (const { run, version } of state.levelZero) {
      const entry = this.entriesOf(run).get(key);
      if (entry !== undefined) meet(entry.value, entry.sequence || version);
    }
    if (newest !== undefined) return newest.value;
    return piece.run === undefined ? undefined : this.entriesOf(piece.run).get(key)?.value;
  }

  readAll(state: State): Array<number | undefined> {
    return Array.from({ length: KEYS }, (_, key) => this.read(state, key));
  }
}

/** What the keys hold after the edits of a group that was applied. */
export function applyToModel(model: Array<number | undefined>, group: Group, runs: ModelRuns) {
  for (const edit of group.edits) applyEdit(model, edit, runs);
}

function applyEdit(model: Array<number | undefined>, edit: Edit, runs: ModelRuns): void {
  const run = runNamedBy(edit);
  const entries = run === undefined ? new Map<number, ModelEntry>() : runs.entriesOf(run);
  switch (edit.type) {
    case 'write':
      for (const operation of edit.operations) {
        const key = operation.key[0] ?? 0;
        model[key] = operation.type === 'put' ? operation.value[0] : undefined;
      }
      break;
    case 'run':
      for (const [key, { value }] of entries) model[key] = value;
      break;
    case 'replace':
      for (let key = 0; key < KEYS; key += 1) {
        if (spansContain(edit.spans, Uint8Array.of(key))) model[key] = entries.get(key)?.value;
      }
      break;
    default:
      // The rest changes where entries are, not what keys hold.
      break;
  }
}
