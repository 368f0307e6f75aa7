/** Numbered cases, each the same in every process. */
export interface CaseRunner {
  /** In one line, what replays a case beside its number. */
  describe(index: number): string;
  /** Throws where a promise is broken. */
  run(index: number): Promise<void>;
  /** How often what came about. */
  readonly counts: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Counts by name. */
export class Counts extends Map<string, number> {
  count(name: string): void {
    this.set(name, (this.get(name) ?? 0) + 1);
  }
}
