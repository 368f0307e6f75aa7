import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkState } from '../../test/state-invariants.js';
import { type Action, actions, idOf, OWNERS, World } from '../../test/state-world.js';
import { applyToModel, KEYS, ModelRuns } from '../../test/store-model.js';
import { type Edit, type Group, lastVersionOf, MAX_GROUP_AGE_SLOTS } from '../log/edits.js';
import { applyRecord, EMPTY_STATE } from './apply-record.js';
import { decodeState, encodeState } from './state-format.js';

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

  it('that flushes or folds what is not written yet is void', () => {
    const { state } = applyRecord(EMPTY_STATE, 1, { groups: [write(1, 0)] });
    const to = lastVersionOf(2);
    const span = { start: new Uint8Array(0), end: undefined };
    const ofEdit = (id: number, edit: Edit): Group => ({ ...write(id, 1), edits: [edit] });
    const after = applyRecord(state, 2, {
      groups: [
        ofEdit(2, { type: 'flush', run: undefined, from: 0, to }),
        ofEdit(3, { type: 'fold', span, run: undefined, to }),
      ],
    });
    expect(after.outcomes).toEqual(['outdated', 'outdated']);
  });

  it('that folds the rest of a run of level 0 into a kept run retires the run of level 0', () => {
    const world = new World();
    world.apply([world.groupOf({ type: 'join', owner: 0 })]);
    world.apply([
      world.groupOf({
        type: 'run',
        owner: 0,
        entries: [
          [1, 1],
          [5, 5],
        ],
      }),
    ]);
    world.apply([world.groupOf({ type: 'fold', owner: 0, age: 0, bounds: [0, 1] })]);
    world.apply([world.groupOf({ type: 'fold', owner: 0, age: 0, bounds: [5, KEYS - 1] })]);
    expect(world.state.levelZero.length).toBe(1);
    const to = lastVersionOf(world.state.slot);
    const span = { start: Uint8Array.of(2), end: Uint8Array.of(5) };
    const fold: Group = {
      ...write(99, world.state.slot),
      edits: [{ type: 'fold', span, run: 'kept', to }],
    };
    world.apply([fold]);
    expect(world.state.levelZero.length).toBe(0);
    expect(world.runs.readAll(world.state)).toEqual(world.model);
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
