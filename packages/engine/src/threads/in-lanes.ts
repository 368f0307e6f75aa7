// Work that several hands share: each takes the next item when it is done with one.

/** Two, so that one store's long part does not hold up another's; more would only share the disk. */
export const BULK_THREADS = 2;

/**
 * Runs `run` for each item, `lanes` of them at a time, in the items' order. After a failure no further
 * item is taken. Ends when nothing runs any more, so that a caller may remove what was worked on.
 *
 * @throws what the first failing item threw
 */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  let failure: { readonly error: unknown } | undefined;
  const lane = async () => {
    for (const item of waiting) {
      try {
        await run(item);
      } catch (error) {
        failure ??= { error };
      }
      if (failure !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  if (failure !== undefined) throw failure.error;
}
