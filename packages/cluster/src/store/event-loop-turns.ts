// Turns of the event loop for timers. Reads of cached blocks need no I/O, and neither does anything on the backend in
// memory: a caller that awaits one operation after another would keep the event loop in promise callbacks, and the lease
// would not be renewed.

/** How long operations may follow each other without a turn. */
const TURN_MS = 20;

let lastTurnMs = performance.now();

/** Fulfils at once, or after timers and I/O had a turn if they had none for some time. Each operation awaits it. */
export async function giveTurn(): Promise<void> {
  if (performance.now() - lastTurnMs < TURN_MS) return;
  await new Promise((resolve) => setImmediate(resolve));
  lastTurnMs = performance.now();
}
