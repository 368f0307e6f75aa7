// The process that runs cases; cases/case-process.ts describes its output.
import { writeSync } from 'node:fs';
import type { CaseOrders } from './cases/case-process.js';
import type { CaseRunner } from './cases/case-runner.js';
import { corruptionCases } from './corruption/corruption-cases.js';
import { fuzzCases } from './fuzz/fuzz-cases.js';
import { hostileCases } from './hostile/hostile-cases.js';

/** The most memory that cases may leave in use; checked from time to time. */
const MAX_RESIDENT_BYTES = 2 ** 30 * 1.5;
const CASES_BETWEEN_LOOKS = 64;

const RUNNERS: Record<CaseOrders['family'], (setup: never) => Promise<CaseRunner>> = {
  corruption: corruptionCases,
  fuzz: fuzzCases,
  hostile: hostileCases,
};

const PAUSE_MS = 5;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Writes a whole line, retrying on EAGAIN, which a pipe with a slow reader returns. */
function say(line: string): void {
  let rest: Uint8Array = Buffer.from(`${line.replaceAll('\n', ' ')}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EAGAIN') throw error;
      Atomics.wait(nobody, 0, 0, PAUSE_MS);
    }
  }
}

async function main({ family, setup, from, to, share, of }: CaseOrders): Promise<void> {
  const cases = await RUNNERS[family](setup as never);
  try {
    let run = 0;
    for (let index = from; index < to; index++) {
      if (index % of !== share) continue;
      say(`b ${index} ${cases.describe(index)}`);
      try {
        await cases.run(index);
        if (++run % CASES_BETWEEN_LOOKS === 0 && process.memoryUsage.rss() > MAX_RESIDENT_BYTES) {
          throw new Error(`the process has grown to ${process.memoryUsage.rss()} bytes`);
        }
      } catch (error) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        say(`f ${index} ${JSON.stringify(text)}`);
      }
    }
    for (const [name, count] of cases.counts) say(`c ${name} ${count}`);
  } finally {
    await cases.close();
  }
  say('e');
}

const orders = process.argv[2];
if (orders !== undefined && process.argv[1]?.includes('case-child')) {
  await main(JSON.parse(orders) as CaseOrders);
  // Idle threads of the store would keep the process alive.
  process.exit();
}
