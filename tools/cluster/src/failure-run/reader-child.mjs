// Takes a snapshot, reads all of it, holds it, reads all of it again: it is one state, and stays the same.
import { setTimeout as sleep } from 'node:timers/promises';
import { acknowledged, repeat, report, run } from './child-store.mjs';
import { readState } from './workload.mjs';

const LONGEST_HOLD_MS = 8_000;
const PAUSE_MS = 100;

await repeat(async (store) => {
  const atLeast = acknowledged;
  const snapshot = store.snapshot();
  try {
    const { generation, batches, digest, problems } = await readState(store, snapshot);
    for (const [writer, number] of Object.entries(atLeast)) {
      if (!((batches.get(writer) ?? 0) >= number)) {
        problems.push(`batch ${number} of writer ${writer} was acknowledged and is not there`);
      }
    }
    for (const problem of problems) report('violation', { text: problem });
    const endMs = performance.now() + Math.random() * LONGEST_HOLD_MS;
    while (performance.now() < endMs && !run.isStopping) await sleep(PAUSE_MS);
    const again = await readState(store, snapshot);
    if (again.digest !== digest) {
      const states = `${generation}, then ${again.generation}`;
      report('violation', { text: `a held snapshot has changed: ${states}` });
    }
    report('view', { generation });
  } finally {
    await snapshot.close();
  }
});
