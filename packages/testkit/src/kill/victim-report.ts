// The report of a victim: lines in a file, each written by a synchronous call before the next operation starts,
// so that the parent knows of everything that was acknowledged.
//
//   w N          write N was acknowledged
//   b R          the compaction to revision R begins
//   c R          the compaction was acknowledged
//   m T W        the creation of target T (a checkpoint, an adopted store) begins; W is the last write
//                acknowledged, -1 for none
//   M T W        the creation was acknowledged; W is the last write begun
//   x T          the removal of target T begins
//   p C NAME     the point NAME was passed C times (dry runs)
import { writeSync } from 'node:fs';

/** A store that the victim began to create from another. */
export interface MadeTarget {
  /** The last write that was acknowledged before the creation began. */
  readonly leastWrite: number;
  /** The last write that had begun when the creation was acknowledged; undefined if it was not. */
  readonly mostWrite: number | undefined;
  /** The last acknowledged revision when the creation began; undefined if this victim had none acknowledged. */
  readonly revision: number | undefined;
}

/** The parsed report of a victim. */
export interface VictimReport {
  readonly lastWrite: number;
  /** The last acknowledged revision, if any. */
  readonly committed: number | undefined;
  /** The revision whose compaction had begun but was not acknowledged, if any. */
  readonly begun: number | undefined;
  /** Targets by number, without those whose removal had begun. */
  readonly targets: ReadonlyMap<number, MadeTarget>;
  readonly points: ReadonlyMap<string, number>;
}

/** Writes a line of the report to standard output, which is a file. */
export function report(line: string): void {
  writeSync(1, `${line}\n`);
}

export function parseReport(output: string): VictimReport {
  let lastWrite = -1;
  let committed: number | undefined;
  let begun: number | undefined;
  const targets = new Map<number, MadeTarget>();
  const points = new Map<string, number>();
  // The last piece is empty or an incomplete line.
  for (const line of output.split('\n').slice(0, -1)) {
    const [word = '', first = '', second = ''] = line.split(' ');
    const number = Number(first);
    if (word === 'w') lastWrite = number;
    if (word === 'b') begun = number;
    if (word === 'c') {
      committed = number;
      begun = undefined;
    }
    if (word === 'm') {
      const leastWrite = Number(second);
      targets.set(number, { leastWrite, mostWrite: undefined, revision: committed });
    }
    const target = targets.get(number);
    if (word === 'M' && target) targets.set(number, { ...target, mostWrite: Number(second) });
    if (word === 'x') targets.delete(number);
    if (word === 'p') points.set(line.slice(word.length + first.length + 2), number);
  }
  return { lastWrite, committed, begun, targets, points };
}
