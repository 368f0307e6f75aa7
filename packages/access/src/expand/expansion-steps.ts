// Counts what an expansion has done, for onProgress and for its report.

/** The numbers of grants that an expansion made. */
export interface ExpansionCounts {
  /** Principals that hold an entitlement of the graph. */
  readonly principals: number;
  /** New derived grants. */
  readonly created: number;
  /** Existing grants that got sources. */
  readonly updated: number;
}

/** A step of an expansion. If the grants are read in several passes, `holdings` to `writing` are repeated. */
export type ExpansionStep =
  /** Reads the grants that expand; done and total are numbers of grants. */
  | 'graph'
  /** Reads what each principal holds; numbers of grants. */
  | 'holdings'
  /** Derives what each principal gets; numbers of principals. */
  | 'derivation'
  /** Looks for the grants that change, which are written at once if they are few; numbers of grants. */
  | 'changes'
  /** Writes the expanded sync; numbers of records. */
  | 'writing'
  /** Sorts what was written, and commits it; numbers of keys, 0 of 0 before they are known. */
  | 'commit';

/** The progress of an expansion. */
export interface ExpansionProgress extends ExpansionCounts {
  /** The step that the expansion is in. */
  readonly step: ExpansionStep;
  /** How much of the step is done, in the unit of the step. */
  readonly done: number;
  /** How much there is to do. With several passes, derived grants of later ones are not in it yet. */
  readonly total: number;
}

const NOTHING: ExpansionCounts = { principals: 0, created: 0, updated: 0 };

/** The steps of one expansion. */
export class ExpansionSteps {
  readonly #onProgress: ((progress: ExpansionProgress) => void) | undefined;
  readonly #done = new Map<ExpansionStep, number>();
  readonly #totals = new Map<ExpansionStep, number>();
  #counts = NOTHING;

  constructor(onProgress: ((progress: ExpansionProgress) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  /** Whether a caller wants to know: a total may take a read to find. */
  get isShown(): boolean {
    return this.#onProgress !== undefined;
  }

  get counts(): ExpansionCounts {
    return this.#counts;
  }

  /** Adds to what a step has to do. */
  expect(step: ExpansionStep, more: number): void {
    this.#totals.set(step, (this.#totals.get(step) ?? 0) + more);
  }

  /** Begins to count again, for another reading of the grants. */
  restart(): void {
    this.#counts = NOTHING;
  }

  /** Reports what another counts. */
  report(step: ExpansionStep, done: number, total: number): void {
    this.#onProgress?.({ ...this.#counts, step, done, total });
  }

  advance(step: ExpansionStep, by: number, made: Partial<ExpansionCounts> = {}): void {
    const done = (this.#done.get(step) ?? 0) + by;
    this.#done.set(step, done);
    const { principals = 0, created = 0, updated = 0 } = made;
    this.#counts = {
      principals: this.#counts.principals + principals,
      created: this.#counts.created + created,
      updated: this.#counts.updated + updated,
    };
    const total = Math.max(done, this.#totals.get(step) ?? 0);
    this.report(step, done, total);
  }
}
