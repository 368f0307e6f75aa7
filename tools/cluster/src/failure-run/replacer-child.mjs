// Replaces the three spans by one generation after another.
import { setTimeout as sleep } from 'node:timers/promises';
import { repeat, report, setting } from './child-store.mjs';
import { byteEncodings, entriesOf, generationName, replacedSpans } from './workload.mjs';

const PAUSE_MS = 500;
let number = 1;

await repeat(async (store) => {
  const generation = generationName(setting.replacer, number, setting.entriesPerSpan);
  number += 1;
  report('loading', { generation });
  const { durationMs, pauseMs } = await store.replaceSpans(
    replacedSpans(),
    entriesOf(generation),
    byteEncodings,
  );
  report('replaced', { generation, durationMs, pauseMs });
  await sleep(PAUSE_MS);
});
