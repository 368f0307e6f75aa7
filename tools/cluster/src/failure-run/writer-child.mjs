// Writes one batch after another, each again until it is acknowledged.
import { repeat, report, setting } from './child-store.mjs';
import { batchOf, byteEncodings } from './workload.mjs';

let number = 1;

await repeat(async (store) => {
  report('attempt', { writer: setting.writer, number });
  const startMs = performance.now();
  await store.batch(batchOf(setting.writer, number), byteEncodings);
  const durationMs = performance.now() - startMs;
  report('acknowledged', { writer: setting.writer, number, durationMs });
  number += 1;
});
