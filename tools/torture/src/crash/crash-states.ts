// Checks every state that a power cut could leave. Scenarios are recorded on a real store (crash-recording.ts),
// and their traces are replayed on a model of a disk that can lose unsynced data (disk-model.ts). Each distinct
// state is written to a directory and opened by a real Store in another process (crash-checker.ts).
//
// Some states are also opened under the recorder, and the states that a second power cut could leave during
// that open are checked in turn.

import { mkdirSync, rmSync } from 'node:fs';
import { byteEncodings } from '@sstitch/contract';
import {
  errorText,
  type FamilyOptions,
  type FamilyReport,
  FamilyTally,
  seededRandom,
  tortureDirectory,
} from '@sstitch/testkit/torture';
import { CheckerPool } from './checker-pool.js';
import type { Entries, TargetBounds } from './crash-checker.js';
import { CrashRecording, type Mark, prepareStore } from './crash-recording.js';
import { type CrashScenario, crashScenarios } from './crash-scenarios.js';
import { DiskModel, type DiskState } from './disk-model.js';
import type { StateLimits } from './loss-choices.js';
import { makeDiskState } from './make-disk-state.js';

export interface CrashStatesOptions extends FamilyOptions {
  /** About how many distinct states to check. @defaultValue 5000 */
  readonly states?: number;
  /** The number of processes that open states; each waits for its threads much of its time. @defaultValue 3 */
  readonly checkers?: number;
  /** Run only scenarios whose name contains this. @defaultValue all */
  readonly only?: string;
}

/** The most states of one recording; further passes with other random choices produce more. */
const MAX_STATES_A_RECORDING = 1500;
const LIMITS: StateLimits = { allUpTo: 128, pairs: 24, random: 24 };
/** One in this many states is also committed to. */
const THOROUGH_EVERY = 8;
/** How many states of each recording are opened under the recorder. */
const SECOND_CRASHES = 2;

interface Candidate {
  readonly state: DiskState;
  readonly bounds: readonly TargetBounds[];
  readonly moment: string;
}

/** Runs the family, as the top of this file describes. */
export async function runCrashStatesFamily(options: CrashStatesOptions): Promise<FamilyReport> {
  const { seed, states = 5000, checkers = 3, only = '' } = options;
  const tally = new FamilyTally('crash-states', options);
  const directory = tortureDirectory('crash', 'memory');
  const scenarios = crashScenarios.filter(({ name }) => name.includes(only));
  const pool = new CheckerPool(checkers);
  const seen = new Set<string>();
  try {
    const quota = Math.min(Math.ceil(states / scenarios.length), MAX_STATES_A_RECORDING);
    for (let pass = 0; scenarios.length > 0 && seen.size < states; pass++) {
      for (const [index, scenario] of scenarios.entries()) {
        if (seen.size >= states) break;
        const random = seededRandom(seed + pass * 1009 + index * 9176);
        const replay = `seed ${seed}, pass ${pass}, ${scenario.name}`;
        const run = new ScenarioRun(directory.path, replay, pool, tally, seen, random);
        await run.all(scenario, quota);
      }
    }
  } finally {
    await pool.end();
    directory.remove();
  }
  return tally.report();
}

class ScenarioRun {
  readonly #directory: string;
  readonly #replay: string;
  readonly #pool: CheckerPool;
  readonly #tally: FamilyTally;
  readonly #seen: Set<string>;
  readonly #random: () => number;

  constructor(
    directory: string,
    replay: string,
    pool: CheckerPool,
    tally: FamilyTally,
    seen: Set<string>,
    random: () => number,
  ) {
    this.#directory = directory;
    this.#replay = replay;
    this.#pool = pool;
    this.#tally = tally;
    this.#seen = seen;
    this.#random = random;
  }

  async all(scenario: CrashScenario, quota: number): Promise<void> {
    const recording = new CrashRecording(`${this.#directory}/recording`, this.#random);
    try {
      await this.#record(scenario, recording);
      const candidates = this.#candidates(recording, quota);
      await this.#check(recording, candidates, this.#replay);
      for (let nth = 0; nth < SECOND_CRASHES; nth++) {
        const first = candidates[Math.floor(this.#random() * candidates.length)];
        if (first !== undefined) await this.#crashAgain(recording, first, nth, quota >>> 3);
      }
    } catch (error) {
      this.#tally.add(1);
      this.#tally.fail(this.#replay, `the scenario itself failed: ${errorText(error)}`);
    } finally {
      recording.remove();
    }
  }

  async #record(scenario: CrashScenario, recording: CrashRecording): Promise<void> {
    try {
      await scenario.record(recording);
    } finally {
      recording.end();
    }
  }

  /** At most `quota` distinct new states, sampled evenly from all states of the trace. */
  #candidates(recording: CrashRecording, quota: number): Candidate[] {
    const disk = new DiskModel();
    for (const event of recording.recorder.initial) disk.apply(event);
    disk.syncAll();
    let bounds = recording.startingBounds;
    let boundsKey = JSON.stringify(bounds);
    const found = new Map<string, Candidate | undefined>();
    const drawn: string[] = [];
    let count = 0;
    const { events } = recording.recorder;
    for (const [index, event] of events.entries()) {
      if (event.kind === 'mark') {
        bounds = afterMark(bounds, event.mark);
        boundsKey = JSON.stringify(bounds);
      } else {
        disk.apply(event);
      }
      // Opening or closing a descriptor changes nothing on the disk.
      if (event.kind === 'open' || event.kind === 'close') continue;
      // The states after the last of a run of links include those before it.
      if (event.kind === events[index + 1]?.kind && event.kind === 'link') continue;
      const path = event.kind === 'mark' ? JSON.stringify(event.mark) : event.path;
      const moment = `event ${index}, ${event.kind} ${path}`;
      for (const state of disk.crashStates(LIMITS, this.#random)) {
        const key = state.hash + boundsKey;
        if (found.has(key) || this.#seen.has(key)) continue;
        // Reservoir sampling: each distinct state has the same chance to be chosen.
        count++;
        const place = drawn.length < quota ? drawn.length : Math.floor(this.#random() * count);
        if (place >= quota) {
          found.set(key, undefined);
          continue;
        }
        const before = drawn[place];
        if (before !== undefined) found.set(before, undefined);
        drawn[place] = key;
        found.set(key, { state, bounds, moment });
      }
    }
    for (const key of drawn) this.#seen.add(key);
    return drawn.flatMap((key) => found.get(key) ?? []);
  }

  async #check(
    recording: CrashRecording,
    candidates: readonly Candidate[],
    replay: string,
  ): Promise<void> {
    this.#pool.use(recording.targets);
    await Promise.all(
      candidates.map(async ({ state, bounds, moment }, index) => {
        const failure = await this.#pool.check(
          (id) => {
            const directory = `${this.#directory}/state-${id}`;
            makeDiskState(state, directory);
            return directory;
          },
          bounds,
          index % THOROUGH_EVERY === 0,
        );
        this.#tally.add(1);
        if (failure !== undefined) {
          this.#tally.fail(`${replay}, ${moment}, lost: ${state.lost || 'nothing'}`, failure);
        }
      }),
    );
  }

  /** Opens a crash state under the recorder and checks that the store has the same content after a second crash. */
  async #crashAgain(
    before: CrashRecording,
    { state, bounds, moment }: Candidate,
    nth: number,
    quota: number,
  ): Promise<void> {
    const replay = `${this.#replay}, ${moment}, lost: ${state.lost || 'nothing'}, opened again`;
    const again = new CrashRecording(`${this.#directory}/again`, this.#random);
    try {
      await prepareStore(`${this.#directory}/other-${nth}`, []);
      rmSync(`${this.#directory}/other-${nth}`, { recursive: true });
      const [target] = before.targets;
      if (target === undefined || bounds[0]?.made !== true) return;
      makeDiskState(state, again.directory, true);
      mkdirSync(`${this.#directory}/look`);
      makeDiskState(state, `${this.#directory}/look`, true);
      const held = await readOnce(`${this.#directory}/look/${target.path}`);
      again.target(target.path, [{ versions: [held] }]);
      again.begin();
      const store = await again.openRecorded(target.path);
      await store.close();
      again.end();
      await this.#check(again, this.#candidates(again, quota), replay);
    } finally {
      again.end();
      again.remove();
      rmSync(`${this.#directory}/look`, { recursive: true, force: true });
    }
  }
}

async function readOnce(path: string): Promise<Entries> {
  const recording = new CrashRecording(path, Math.random);
  recording.begin();
  const store = await recording.openRecorded('');
  try {
    const entries = await store.iterator(byteEncodings).all();
    return entries.map(
      ([key, value]) =>
        [Buffer.from(key).toString('latin1'), Buffer.from(value).toString('latin1')] as const,
    );
  } finally {
    await store.close();
    recording.end();
  }
}

function afterMark(bounds: readonly TargetBounds[], mark: Mark): readonly TargetBounds[] {
  const { region, least, most } = mark;
  return bounds.map((bound, index) => {
    if (index !== mark.target) return bound;
    if (region === undefined) return { ...bound, made: true };
    return {
      made: bound.made,
      least: least === undefined ? bound.least : bound.least.with(region, least),
      most: most === undefined ? bound.most : bound.most.with(region, most),
    };
  });
}
