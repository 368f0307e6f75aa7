// What the store must be: each record that the log took is applied once, in order, to a plain array of what the keys
// hold. It sees each statement at the moment at which it takes effect.
import { spansContain } from '@sstitch/contract';
import type { Edit, RunRef } from '../../src/log/edits.js';
import { decodeRecord } from '../../src/log/record-format.js';
import { contentsOfBlock, entriesOfBlock } from '../../src/runs/block.js';
import { applyRecord, EMPTY_STATE, runNamedBy } from '../../src/state/apply-record.js';
import type { State } from '../../src/state/state.js';
import { encodeState, runsOf } from '../../src/state/state-format.js';
import { checkState } from '../state-invariants.js';

/** Keys are one byte, 0 to KEYS - 1. */
export const KEYS = 12;

/** What each key holds: the number of the operation that wrote it, or 0. */
export type Contents = readonly number[];

interface StoredRun {
  readonly chunks: Map<number, readonly Uint8Array[]>;
  hasIndex: boolean;
  isDeleted: boolean;
}

/** An operation's writes, as text to compare: `=` the number, or 0 for nothing. */
export function effectOf(
  spans: readonly string[],
  entries: ReadonlyArray<readonly [key: number, operation: number]>,
): string {
  const sorted = [...entries].sort(([a], [b]) => a - b);
  return [...spans, ...sorted.map(([key, operation]) => `${key}=${operation}`)].join(' ');
}

export function valueBytes(operation: number): Uint8Array {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(operation);
  return new Uint8Array(value);
}

export function operationOf(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : Buffer.from(value).readUInt32BE(0);
}

export class LogOracle {
  #state: State = EMPTY_STATE;
  readonly #contents: Contents[] = [Array(KEYS).fill(0)];
  /** By slot: the last operation on each key, or minus the slot of a removal, which has no number. */
  readonly #writers: Array<readonly number[]> = [Array(KEYS).fill(0)];
  readonly #encodings = new Map<number, Buffer>();
  readonly #operations = new Map<number, { readonly slot: number; readonly effect: string }>();
  readonly #runs = new Map<string, StoredRun>();

  get state(): State {
    return this.#state;
  }

  get slot(): number {
    return this.#state.slot;
  }

  /** What the keys hold after a slot. */
  contentsAt(slot: number): Contents {
    const contents = this.#contents[slot];
    if (contents === undefined) throw new Error(`the log has no slot ${slot}`);
    return contents;
  }

  /** Where an operation was applied; undefined if it was not. */
  appliedOperation(
    operation: number,
  ): { readonly slot: number; readonly effect: string } | undefined {
    return this.#operations.get(operation);
  }

  /** Whether no operation wrote to a key after a slot and before another one, except some. */
  isUntouched(key: number, after: number, before: number, except: readonly number[]): boolean {
    for (let slot = after + 1; slot < before; slot += 1) {
      const writer = this.#writers[slot]?.[key] ?? 0;
      if (writer !== this.#writers[slot - 1]?.[key] && !except.includes(writer)) return false;
    }
    return true;
  }

  /** @throws if a process has another state at its slot */
  checkSameState(state: State, whose: string): void {
    const known = this.#encodings.get(state.slot);
    if (known === undefined) return;
    if (!Buffer.concat(encodeState(state)).equals(known)) {
      throw new Error(`${whose} has another state at slot ${state.slot}`);
    }
  }

  onAppend(slot: number, bytes: Uint8Array): void {
    const record = decodeRecord(bytes);
    const { state, outcomes } = applyRecord(this.#state, slot, record);
    checkState(state);
    const contents = [...this.contentsAt(slot - 1)];
    const writers = [...(this.#writers[slot - 1] ?? [])];
    for (const [index, group] of record.groups.entries()) {
      if (outcomes[index] !== 'applied') continue;
      for (const edit of group.edits) this.#apply(contents, writers, edit, slot);
    }
    this.#state = state;
    this.#contents.push(contents);
    this.#writers.push(writers);
    this.#encodings.set(slot, Buffer.concat(encodeState(state)));
  }

  onWriteChunk(id: string, chunk: number, blocks: readonly Uint8Array[]): void {
    const run = this.#run(id);
    if (!run.isDeleted) run.chunks.set(chunk, blocks);
  }

  onWriteIndex(id: string): void {
    const run = this.#run(id);
    if (!run.isDeleted) run.hasIndex = true;
  }

  onDeleteRun(id: string): void {
    const { pieces, levelZero } = this.#state;
    if ([...pieces, ...levelZero].some(({ run }) => run?.id === id)) {
      throw new Error(`run ${id} was deleted, which the state at slot ${this.slot} reads`);
    }
    const run = this.#run(id);
    run.isDeleted = true;
    run.chunks.clear();
    run.hasIndex = false;
  }

  /** @throws if runs that the state names lack rows */
  checkRuns(): void {
    for (const run of runsOf(this.#state).values()) this.#checkRun(run);
  }

  #apply(contents: number[], writers: number[], edit: Edit, slot: number): void {
    const run = runNamedBy(edit);
    if (run !== undefined) this.#checkRun(run);
    const entries = new Map<number, number>();
    const spans: string[] = [];
    const emptied: number[] = [];
    switch (edit.type) {
      case 'write':
        for (const operation of edit.operations) {
          const value = operation.type === 'put' ? operation.value : undefined;
          entries.set(operation.key[0] ?? 0, operationOf(value));
        }
        break;
      case 'run':
        for (const [key, operation] of this.#entriesOf(edit.run)) entries.set(key, operation);
        break;
      case 'replace':
        for (const span of edit.spans) {
          spans.push(`${span.start[0] ?? ''}-${span.end?.[0] ?? ''}`);
        }
        for (let key = 0; key < KEYS; key += 1) {
          if (spansContain(edit.spans, Uint8Array.of(key))) emptied.push(key);
        }
        if (edit.run !== undefined) {
          for (const [key, operation] of this.#entriesOf(edit.run)) entries.set(key, operation);
        }
        break;
      default:
        return;
    }
    const operation = Math.max(0, ...entries.values());
    for (const [key, value] of [...emptied.map((key) => [key, 0] as const), ...entries]) {
      contents[key] = value;
      writers[key] = operation === 0 ? -slot : operation;
    }
    if (operation === 0) return;
    if (this.#operations.has(operation))
      throw new Error(`operation ${operation} was applied twice`);
    this.#operations.set(operation, { slot, effect: effectOf(spans, [...entries]) });
  }

  #entriesOf(run: RunRef): Array<[key: number, operation: number]> {
    return [...this.#run(run.id).chunks.values()]
      .flat()
      .flatMap((block) =>
        entriesOfBlock(contentsOfBlock(block, 'a block')).map(
          ({ key, value }): [number, number] => [key[0] ?? 0, operationOf(value)],
        ),
      );
  }

  #checkRun({ id, chunks }: RunRef): void {
    const run = this.#run(id);
    if (run.isDeleted) throw new Error(`a commit names run ${id}, which was deleted`);
    if (!run.hasIndex || run.chunks.size !== chunks) {
      throw new Error(`a commit names run ${id}, whose rows are not all written`);
    }
  }

  #run(id: string): StoredRun {
    let run = this.#runs.get(id);
    if (run === undefined) {
      run = { chunks: new Map(), hasIndex: false, isDeleted: false };
      this.#runs.set(id, run);
    }
    return run;
  }
}
