// Chooses what a power cut loses: all combinations while they are few, else the most telling ones.

/** How many combinations of one moment to try. */
export interface StateLimits {
  /** All combinations are tried up to this number. */
  readonly allUpTo: number;
  /** Beyond it, all single losses, this many pairs and this many random combinations are tried. */
  readonly pairs: number;
  readonly random: number;
}

/** Yields combinations of one option for each item: all while they are few, else the most telling ones. */
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
    // The same with everything else lost.
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
