// Which of what a power cut may take back it does take back: all choices while they are few, else those
// that tell the most.

/** How many choices of one moment are tried. */
export interface StateLimits {
  /** Up to this many choices, all of them. */
  readonly allUpTo: number;
  /** Beyond: all single losses, this many pairs, and this many at random. */
  readonly pairs: number;
  readonly random: number;
}

/** Choices of one option for each item: all while they are few, else those that tell the most. */
export function* choices(
  sizes: readonly number[],
  limits: StateLimits,
  random: () => number,
): Generator<number[]> {
  const total = sizes.reduce((product, size) => product * size, 1);
  if (total <= limits.allUpTo) {
    for (let index = 0; index < total; index++) {
      let rest = index;
      yield sizes.map((size) => {
        const option = rest % size;
        rest = Math.floor(rest / size);
        return option;
      });
    }
    return;
  }
  const kept = sizes.map(() => 0);
  yield kept;
  yield sizes.map(() => 1);
  const singles = sizes.flatMap((size, item) =>
    Array.from({ length: size - 1 }, (_, option) => [item, option + 1] as const),
  );
  for (const [item, option] of singles) {
    yield kept.with(item, option);
    // And everything else lost.
    yield sizes.map(() => 1).with(item, option === 1 ? 0 : option);
  }
  const pick = () => singles[Math.floor(random() * singles.length)] ?? ([0, 0] as const);
  for (let index = 0; index < limits.pairs; index++) {
    const [first, second] = [pick(), pick()];
    yield kept.with(first[0], first[1]).with(second[0], second[1]);
  }
  for (let index = 0; index < limits.random; index++) {
    yield sizes.map((size) => Math.floor(random() * size));
  }
}
