/** Runs numbered cases, each of which is the same in every process. */
export interface CaseRunner {
  /** Returns one line with what replays a case besides its number. */
  describe(index: number): string;
  /** Rejects if a guarantee is broken. */
  run(index: number): Promise<void>;
  /** Counts of outcomes by name. */
  readonly counts: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Counts by name. */
export class Counts extends Map<string, number> {
  count(name: string): void {
    this.set(name, (this.get(name) ?? 0) + 1);
  }
}
