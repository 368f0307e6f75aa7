// A store whose groups are made from actions, beside a model of what its keys hold.
import type { Span } from '@sstitch/contract';
import fc from 'fast-check';
import { type Edit, type Group, lastVersionOf } from '../src/log/edits.js';
import { decodeRecord, encodeRecord } from '../src/log/record-format.js';
import { applyRecord, EMPTY_STATE, runNamedBy } from '../src/state/apply-record.js';
import { memtableEntryOf } from '../src/state/memtable.js';
import { pieceOf } from '../src/state/pieces.js';
import type { State } from '../src/state/state.js';
import { runsOf } from '../src/state/state-format.js';
import { applyToModel, KEYS, type ModelEntry, ModelRuns } from './store-model.js';

export const OWNERS = 3;
const keys = fc.nat(KEYS - 1);
const values = fc.option(fc.nat(255), { nil: undefined });
const entries = fc.array(fc.tuple(keys, values), { minLength: 1, maxLength: 5 });
const owners = fc.nat(OWNERS - 1);

/** What a group does. Places and ages are relative, so that each list of actions makes sense. */
export type Action =
  | { type: 'write' | 'run'; owner: number; entries: Array<[number, number | undefined]> }
  | {
      type: 'replace';
      owner: number;
      bounds: number[];
      entries: Array<[number, number | undefined]>;
    }
  | { type: 'flush' | 'fold'; owner: number; age: number; bounds: [number, number] }
  | { type: 'kept'; owner: number; bounds: [number, number] }
  | { type: 'merge'; owner: number; age: number; most: number }
  | { type: 'join' | 'abort'; owner: number }
  | { type: 'several'; owner: number; actions: Action[] }
  | { type: 'repeat'; age: number }
  | { type: 'drop' };

const single: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('write' as const), owner: owners, entries }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('run' as const), owner: owners, entries }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('replace' as const),
      owner: owners,
      bounds: fc.uniqueArray(fc.integer({ min: 0, max: KEYS }), { minLength: 1, maxLength: 4 }),
      entries,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('flush' as const, 'fold' as const),
      owner: owners,
      age: fc.nat(3),
      bounds: fc.tuple(keys, keys),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('kept' as const),
      owner: owners,
      bounds: fc.tuple(keys, keys),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('merge' as const),
      owner: owners,
      age: fc.nat(3),
      most: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('join' as const, 'abort' as const),
      owner: owners,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('repeat' as const), age: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('drop' as const) }) },
);

export const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 9, arbitrary: single },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('several' as const),
      owner: owners,
      actions: fc.array(single, { minLength: 2, maxLength: 4 }),
    }),
  },
);

export function idOf(kind: number, number: number): string {
  return `${kind.toString(16).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

function spansOf(bounds: readonly number[]): Span[] {
  const sorted = [...bounds].sort((a, b) => a - b);
  const spans: Span[] = [];
  for (let at = 0; at < sorted.length; at += 2) {
    const end = sorted[at + 1];
    const start = Uint8Array.of(sorted[at] ?? 0);
    spans.push({ start, end: end === undefined ? undefined : Uint8Array.of(end) });
  }
  return spans;
}

function spanOf([a, b]: readonly [number, number]): Span {
  return { start: Uint8Array.of(Math.min(a, b)), end: Uint8Array.of(Math.max(a, b) + 1) };
}

export class World {
  readonly runs = new ModelRuns();
  readonly model: Array<number | undefined> = Array(KEYS).fill(undefined);
  readonly states: State[] = [EMPTY_STATE];
  readonly sent: Group[] = [];
  readonly log: Group[][] = [];
  readonly #named = new Set<string>();
  readonly #dropped = new Set<string>();
  #ids = 0;

  get state(): State {
    return this.stateOfAge(0);
  }

  stateOfAge(age: number): State {
    return this.states[Math.max(0, this.states.length - 1 - age)] ?? EMPTY_STATE;
  }

  groupOf(action: Action): Group {
    if (action.type === 'repeat') {
      const group = this.sent.at(-1 - action.age);
      if (group !== undefined) return group;
    }
    const owner = 'owner' in action ? action.owner : 0;
    const edits = this.#editsOf(action);
    const group = { id: this.#newId(), owner: idOf(7, owner), base: this.state.slot, edits };
    this.sent.push(group);
    return group;
  }

  /** Applies groups as one record, as the log holds it. */
  apply(groups: Group[]): void {
    const slot = this.state.slot + 1;
    const { state, outcomes } = applyRecord(
      this.state,
      slot,
      decodeRecord(encodeRecord({ groups })),
    );
    for (const [index, group] of groups.entries()) {
      if (outcomes[index] !== 'applied') continue;
      applyToModel(this.model, group, this.runs);
      for (const edit of group.edits) {
        const run = runNamedBy(edit);
        if (run !== undefined) this.#named.add(run.id);
        if (edit.type === 'dropped') for (const id of edit.runs) this.#dropped.add(id);
      }
    }
    // A run that was named is in the state until it is dropped: a collector finds it.
    const known = runsOf(state);
    const lost = [...this.#named].filter((id) => !this.#dropped.has(id) && !known.has(id));
    if (lost.length > 0) throw new Error(`no part of the state names ${lost}`);
    this.states.push(state);
    this.log.push(groups);
  }

  #editsOf(action: Action): Edit[] {
    switch (action.type) {
      case 'several':
        return action.actions.flatMap((one) => this.#editsOf(one));
      case 'write':
        return [
          {
            type: 'write',
            operations: action.entries.map(([key, value]) =>
              value === undefined
                ? { type: 'del', key: Uint8Array.of(key) }
                : { type: 'put', key: Uint8Array.of(key), value: Uint8Array.of(value) },
            ),
          },
        ];
      case 'run': {
        const run = this.runs.add(
          this.#newId(),
          new Map(action.entries.map(([key, value]) => [key, { value, sequence: 0 }])),
        );
        return run === undefined ? [] : [{ type: 'run', run }];
      }
      case 'replace': {
        const spans = spansOf(action.bounds);
        const inside = new Map<number, ModelEntry>();
        for (const [key, value] of action.entries) {
          const isInside = spans.some(
            (span) =>
              (span.start[0] ?? 0) <= key && (span.end === undefined || key < (span.end[0] ?? 0)),
          );
          if (isInside && value !== undefined) inside.set(key, { value, sequence: 0 });
        }
        return [{ type: 'replace', spans, run: this.runs.add(this.#newId(), inside) }];
      }
      case 'flush': {
        const state = this.stateOfAge(action.age);
        const to = lastVersionOf(state.slot);
        const flushed = new Map(
          state.memtable.map(({ key, value, version }) => [
            key[0] ?? 0,
            { value: value?.[0], sequence: version },
          ]),
        );
        return [
          { type: 'flush', run: this.runs.add(this.#newId(), flushed), from: state.flushedTo, to },
        ];
      }
      case 'fold': {
        const state = this.stateOfAge(action.age);
        const span = spanOf(action.bounds);
        const shown = new Map<number, ModelEntry>();
        for (let key = span.start[0] ?? 0; key < (span.end?.[0] ?? 0); key += 1) {
          const value = this.runs.read(state, key);
          if (value !== undefined) shown.set(key, { value, sequence: 0 });
        }
        return [
          {
            type: 'fold',
            span,
            run: this.runs.add(this.#newId(), shown),
            to: lastVersionOf(state.slot),
          },
        ];
      }
      case 'kept': {
        const { slot } = this.state;
        const span = spanOf(action.bounds);
        return this.#isOverlaid(span)
          ? []
          : [{ type: 'fold', span, run: 'kept', to: lastVersionOf(slot) }];
      }
      case 'merge': {
        const state = this.stateOfAge(action.age);
        const merged = state.levelZero.slice(0, action.most);
        const entries = new Map<number, ModelEntry>();
        for (const { run, version } of merged) {
          for (const [key, { value, sequence }] of this.runs.entriesOf(run)) {
            const own = sequence || version;
            const isHidden = own <= pieceOf(state.pieces, Uint8Array.of(key)).version;
            if (isHidden || own <= (entries.get(key)?.sequence ?? 0)) continue;
            entries.set(key, { value, sequence: own });
          }
        }
        const runs = merged.map(({ run }) => run.id);
        return [{ type: 'merge', runs, run: this.runs.add(this.#newId(), entries) }];
      }
      case 'join':
        return [{ type: 'join' }];
      case 'abort':
        return [{ type: 'abort', owners: [idOf(7, action.owner)] }];
      default:
        return [{ type: 'dropped', runs: [...this.state.retired.keys()] }];
    }
  }

  /** Whether writes lie over the pieces of a span. */
  #isOverlaid(span: Span): boolean {
    for (let key = span.start[0] ?? 0; key < (span.end?.[0] ?? 0); key += 1) {
      if (memtableEntryOf(this.state.memtable, Uint8Array.of(key)) !== undefined) return true;
      if (this.state.levelZero.some(({ run }) => this.runs.entriesOf(run).has(key))) return true;
    }
    return false;
  }

  #newId(): string {
    this.#ids += 1;
    return idOf(1, this.#ids);
  }
}
