import type { Span } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkState } from '../../test/state-invariants.js';
import { applyToModel, KEYS, type ModelEntry, ModelRuns } from '../../test/store-model.js';
import { type Edit, type Group, lastVersionOf, MAX_GROUP_AGE_SLOTS } from '../log/edits.js';
import { decodeRecord, encodeRecord } from '../log/record-format.js';
import { applyRecord, EMPTY_STATE } from './apply-record.js';
import { memtableEntryOf } from './memtable.js';
import type { State } from './state.js';
import { decodeState, encodeState } from './state-format.js';

const OWNERS = 3;
const keys = fc.nat(KEYS - 1);
const values = fc.option(fc.nat(255), { nil: undefined });
const entries = fc.array(fc.tuple(keys, values), { minLength: 1, maxLength: 5 });
const owners = fc.nat(OWNERS - 1);

/** What a group does. Places and ages are relative, so that each list of actions makes sense. */
type Action =
  | { type: 'write' | 'run'; owner: number; entries: Array<[number, number | undefined]> }
  | {
      type: 'replace';
      owner: number;
      bounds: number[];
      entries: Array<[number, number | undefined]>;
    }
  | { type: 'flush' | 'fold'; owner: number; age: number; bounds: [number, number] }
  | { type: 'kept'; owner: number; bounds: [number, number] }
  | { type: 'join' | 'abort'; owner: number }
  | { type: 'repeat'; age: number }
  | { type: 'drop' };

const actions: fc.Arbitrary<Action> = fc.oneof(
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
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('join' as const, 'abort' as const),
      owner: owners,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('repeat' as const), age: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('drop' as const) }) },
);

function idOf(kind: number, number: number): string {
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

/** A store whose groups come from actions, beside a model of what its keys hold. */
class World {
  readonly runs = new ModelRuns();
  readonly model: Array<number | undefined> = Array(KEYS).fill(undefined);
  readonly states: State[] = [EMPTY_STATE];
  readonly sent: Group[] = [];
  readonly log: Group[][] = [];
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
      if (outcomes[index] === 'applied') applyToModel(this.model, group, this.runs);
    }
    this.states.push(state);
    this.log.push(groups);
  }

  #editsOf(action: Action): Edit[] {
    switch (action.type) {
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

const joinAll: Action[] = Array.from({ length: OWNERS }, (_, owner) => ({ type: 'join', owner }));

describe('the state machine', () => {
  it('shows what a plain map of the applied groups shows, and keeps its invariants', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(actions, { minLength: 1, maxLength: 4 }), { maxLength: 25 }),
        (records) => {
          const world = new World();
          world.apply(joinAll.map((action) => world.groupOf(action)));
          for (const record of records) {
            world.apply(record.map((action) => world.groupOf(action)));
            checkState(world.state);
            expect(world.runs.readAll(world.state)).toEqual(world.model);
          }
        },
      ),
      { numRuns: 600 },
    );
  });

  it('gives each process the same bytes, from whichever checkpoint it starts', () => {
    fc.assert(
      fc.property(fc.array(actions, { maxLength: 40 }), fc.nat(), (list, at) => {
        const world = new World();
        for (const action of [...joinAll, ...list]) world.apply([world.groupOf(action)]);
        const start = world.states[at % world.states.length] ?? EMPTY_STATE;
        let state = decodeState(encodeState(start));
        expect(state).toEqual(start);
        for (const groups of world.log.slice(start.slot)) {
          state = applyRecord(state, state.slot + 1, { groups }).state;
        }
        expect(encodeState(state)).toEqual(encodeState(world.state));
      }),
      { numRuns: 300 },
    );
  });

  it('shows the same, however groups are split over records and however often they are repeated', () => {
    const changes = actions.filter(({ type }) => ['write', 'run', 'replace'].includes(type));
    fc.assert(
      fc.property(
        fc.array(changes, { maxLength: 30 }),
        fc.infiniteStream(fc.boolean()),
        fc.infiniteStream(fc.nat(3)),
        (list, splits, repeats) => {
          const world = new World();
          const groups = [...joinAll, ...list].map((action) => world.groupOf(action));
          world.apply([...groups.slice(0, OWNERS)]);
          let record: Group[] = [];
          const sent: Group[] = [];
          for (const group of groups.slice(OWNERS)) {
            record.push(group);
            sent.push(group);
            if (repeats.next().value === 0) record.push(sent[Math.floor(sent.length / 2)] ?? group);
            if (!splits.next().value) continue;
            world.apply(record);
            record = [];
          }
          world.apply(record);
          const model: Array<number | undefined> = Array(KEYS).fill(undefined);
          for (const group of groups) applyToModel(model, group, world.runs);
          expect(world.runs.readAll(world.state)).toEqual(model);
          checkState(world.state);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never changes a state that it was given', () => {
    fc.assert(
      fc.property(fc.array(actions, { maxLength: 40 }), (list) => {
        const world = new World();
        const bytes: Uint8Array[][] = [];
        for (const action of [...joinAll, ...list]) {
          bytes.push(encodeState(world.state));
          world.apply([world.groupOf(action)]);
        }
        for (const [index, before] of bytes.entries()) {
          expect(encodeState(world.states[index] ?? EMPTY_STATE)).toEqual(before);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a group', () => {
  const write = (id: number, base: number): Group => ({
    id: idOf(1, id),
    owner: idOf(7, 0),
    base,
    edits: [
      {
        type: 'write',
        operations: [{ type: 'put', key: Uint8Array.of(id), value: Uint8Array.of(1) }],
      },
    ],
  });

  it('counts once within its age, and is void when it is older', () => {
    let state = applyRecord(EMPTY_STATE, 1, { groups: [write(1, 0)] }).state;
    while (state.slot < MAX_GROUP_AGE_SLOTS - 1)
      state = applyRecord(state, state.slot + 1, { groups: [] }).state;
    // The last slot at which its base is not too old still knows its id.
    const last = applyRecord(state, state.slot + 1, { groups: [write(1, 0), write(2, 0)] });
    expect(last.outcomes).toEqual(['repeated', 'applied']);
    const later = applyRecord(last.state, last.state.slot + 1, {
      groups: [write(1, 0), write(3, 0)],
    });
    expect(later.outcomes).toEqual(['too-old', 'too-old']);
    expect(later.state.recentGroups.has(idOf(1, 1))).toBe(false);
  });

  it('is void whole if one of its edits is', () => {
    const runs = new ModelRuns();
    const run = runs.add(idOf(2, 1), new Map([[1, { value: 1, sequence: 0 }]]));
    const { state } = applyRecord(EMPTY_STATE, 1, { groups: [write(1, 0)] });
    const group: Group = {
      ...write(2, 1),
      edits: [
        ...write(2, 1).edits,
        { type: 'flush', run: undefined, from: 5, to: 6 },
        ...write(3, 1).edits,
      ],
    };
    const named: Group = {
      ...write(4, 1),
      edits: [...write(4, 1).edits, { type: 'replace', spans: [], run }],
    };
    const after = applyRecord(state, 2, { groups: [group, named] });
    expect(after.outcomes).toEqual(['outdated', 'owner-not-joined']);
    expect(after.state.memtable).toEqual(state.memtable);
  });

  it('of an owner that was aborted names no run, even if it had joined', () => {
    const world = new World();
    const groups = (
      [
        { type: 'join', owner: 0 },
        { type: 'abort', owner: 0 },
      ] as const
    ).map((action) => world.groupOf(action));
    const replace = world.groupOf({ type: 'replace', owner: 0, bounds: [0, 5], entries: [[1, 1]] });
    world.apply([...groups, replace]);
    expect(world.runs.readAll(world.state)).toEqual(Array(KEYS).fill(undefined));
    expect(world.state.owners.size).toBe(0);
  });
});
