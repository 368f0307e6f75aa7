// What a victim says before it dies: lines in a file, each written by a synchronous call before the
// next operation starts, so that the parent knows at least as much as was promised.
//
//   w N          write N was acknowledged
//   b R          the compaction to revision R begins
//   c R          it was acknowledged
//   m T W        the making of target T (a checkpoint, an adopted store) begins; W is the last write
//                acknowledged, -1 for none
//   M T W        it was acknowledged; W is the last write begun
//   x T          the removal of target T begins
//   p C NAME     a point, and how often it was passed (dry runs)
import { writeSync } from 'node:fs';

/** A store that the victim began to make of another. */
export interface MadeTarget {
  /** The last write acknowledged before it began. */
  readonly leastWrite: number;
  /** The last write begun when it was acknowledged; undefined if it was not. */
  readonly mostWrite: number | undefined;
  /** The revision held when it began, as acknowledged; undefined if none was by this victim. */
  readonly revision: number | undefined;
}

/** All that a victim said. */
export interface LastWords {
  readonly lastWrite: number;
  /** The revision last acknowledged, if any was. */
  readonly committed: number | undefined;
  /** A revision whose compaction had begun and was not acknowledged. */
  readonly begun: number | undefined;
  /** By number; those whose removal had begun are left out. */
  readonly targets: ReadonlyMap<number, MadeTarget>;
  readonly points: ReadonlyMap<string, number>;
}

/** Says a line on standard output, a file. */
export function say(line: string): void {
  writeSync(1, `${line}\n`);
}

export function parseWords(output: string): LastWords {
  let lastWrite = -1;
  let committed: number | undefined;
  let begun: number | undefined;
  const targets = new Map<number, MadeTarget>();
  const points = new Map<string, number>();
  // The last piece is empty, or a line that the kill cut short.
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
