// Makes LevelDB's own file operations, which do not use the engine's port, fail one by one while a store is
// written to or opened. Every acknowledged write must be present, however the writes continue and whether the
// store is committed to, closed or killed, and reopened (leveldb-fault-case.ts).
//
// Needs Linux and a C compiler; without them the family is skipped.
import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FamilyOptions,
  type FamilyReport,
  FamilyTally,
  tortureDirectory,
} from '@sstitch/testkit/torture';
import { childFile } from '../cases/child-file.js';
import type { KilledCase } from './leveldb-fault-case.js';
import type { LevelFaultNews, LevelFaultOrders } from './leveldb-fault-child.js';
import { makeFaultShim } from './leveldb-fault-shim.js';

export interface LevelFaultOptions extends FamilyOptions {
  /** @defaultValue 300 */
  readonly cases?: number;
  /** How many processes run at a time. @defaultValue 2 */
  readonly processes?: number;
}

/** The run ends after this many dead processes. */
const MAX_DEATHS = 20;
/** A case that takes longer counts as hanging. */
const MAX_CASE_MS = 600_000;

/** Runs the family, as the top of this file describes. */
export async function runLevelFaultsFamily(options: LevelFaultOptions): Promise<FamilyReport> {
  const { seed, cases = 300, processes = 2 } = options;
  const tally = new FamilyTally('leveldb-faults', options);
  const directory = tortureDirectory('leveldb-faults', 'memory');
  try {
    const run = async (_: unknown, share: number) => {
      const own = join(directory.path, `${share}`);
      mkdirSync(own);
      const shim = await makeFaultShim(own);
      if (typeof shim === 'string') return shim;
      const orders = { seed, from: 0, to: cases, share, of: processes, directory: own };
      await runShare({ ...orders, killed: undefined }, shim.environment, tally);
      return undefined;
    };
    const [skipped] = await Promise.all(Array.from({ length: processes }, run));
    return { ...tally.report(), ...(skipped === undefined ? {} : { skipped }) };
  } finally {
    directory.remove();
  }
}

async function runShare(
  orders: LevelFaultOrders,
  environment: Readonly<Record<string, string>>,
  tally: FamilyTally,
): Promise<void> {
  let { from, killed } = orders;
  let deaths = 0;
  while (deaths < MAX_DEATHS) {
    const end = await runChild({ ...orders, from, killed }, environment, tally);
    if (end.isDone) return;
    ({ killed } = end);
    from = end.index + 1;
    if (killed !== undefined) continue;
    deaths++;
    tally.fail(`seed ${orders.seed}, case ${end.index}, ${end.what}`, end.death);
  }
}

interface ChildEnd {
  readonly index: number;
  readonly what: string;
  readonly isDone: boolean;
  readonly killed: KilledCase | undefined;
  readonly death: string;
}

function runChild(
  orders: LevelFaultOrders,
  environment: Readonly<Record<string, string>>,
  tally: FamilyTally,
): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const child = fork(childFile('leveldb-fault-child'), [JSON.stringify(orders)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      env: { ...process.env, ...environment },
    });
    let index = orders.from - 1;
    let what = 'the check of the previous case, which was killed';
    let killed: KilledCase | undefined;
    let isDone = false;
    let errors = '';
    const kill = () => child.kill('SIGKILL');
    let watchdog = setTimeout(kill, MAX_CASE_MS);
    child.stderr?.on('data', (bytes: Buffer) => {
      errors = (errors + bytes.toString()).slice(-4000);
    });
    child.on('message', (news: LevelFaultNews) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(kill, MAX_CASE_MS);
      if (news.kind === 'case') {
        ({ index, what } = news);
        tally.add(1);
      } else if (news.kind === 'failure') {
        tally.fail(`seed ${orders.seed}, case ${index}, ${what}`, news.message);
      } else if (news.kind === 'kill') {
        ({ index, killed } = news);
      } else {
        isDone = true;
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(watchdog);
      const death = `the process ended (${signal ?? `code ${code}`}): ${errors}`;
      resolve({ index, what, isDone, killed, death });
    });
  });
}
