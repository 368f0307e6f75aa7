// Makes every file operation of everything that a store does fail in turn, once and lastingly. Each time the
// error must be clear, the store as it was or wholly changed, and no resource or file left (fault-case.ts).
import { fork } from 'node:child_process';
import { type FamilyOptions, type FamilyReport, FamilyTally } from '@sstitch/testkit/torture';
import { childFile } from '../cases/child-file.js';
import type { FaultNews, FaultOrders } from './fault-child.js';
import { faultScenarios } from './fault-scenarios.js';

export interface FaultOptions extends FamilyOptions {
  /**
   * Whether to try every possible code at every operation, once and lasting, or a random one of these cases for
   * each operation.
   * @defaultValue false
   */
  readonly everyCode?: boolean;
  /** How many processes run at a time. @defaultValue 2 */
  readonly processes?: number;
  /** Run only scenarios whose name contains this. @defaultValue all */
  readonly only?: string;
}

/** A scenario ends after this many dead processes. */
const MAX_DEATHS = 10;
/** A case that takes longer counts as hanging. */
const MAX_CASE_MS = 600_000;
const GRACE_MS = 15_000;

/** Runs the family, as the top of this file describes. */
export async function runFaultsFamily(options: FaultOptions): Promise<FamilyReport> {
  const { seed, everyCode = false, processes = 2, only = '' } = options;
  const tally = new FamilyTally('faults', options);
  const indexes = [...faultScenarios.keys()].filter((index) =>
    faultScenarios[index]?.name.includes(only),
  );
  const work = async () => {
    for (let scenario = indexes.shift(); scenario !== undefined; scenario = indexes.shift()) {
      await runScenario({ scenario, seed, everyCode, from: 0 }, tally);
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return tally.report();
}

async function runScenario(orders: FaultOrders, tally: FamilyTally): Promise<void> {
  const name = faultScenarios[orders.scenario]?.name ?? '';
  const replay = `seed ${orders.seed}${orders.everyCode ? ', every code' : ''}, ${name}`;
  let from = 0;
  for (let deaths = 0; deaths < MAX_DEATHS; deaths++) {
    const end = await runChild({ ...orders, from }, tally, replay);
    if (end.death === undefined) return;
    tally.fail(`${replay}, ${end.what}`, end.death);
    // The first case has no fault.
    if (end.index < 1) return;
    from = end.index + 1;
  }
}

interface ChildEnd {
  readonly index: number;
  readonly what: string;
  readonly death: string | undefined;
}

function runChild(orders: FaultOrders, tally: FamilyTally, replay: string): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const child = fork(childFile('fault-child'), [JSON.stringify(orders)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    let index = -1;
    let what = 'before its first case';
    let done = false;
    let errors = '';
    const kill = () => child.kill('SIGKILL');
    const hang = () => {
      // If this process itself was suspended, pending messages of the child arrive first.
      watchdog = setTimeout(kill, GRACE_MS);
    };
    let watchdog = setTimeout(hang, MAX_CASE_MS);
    child.stderr?.on('data', (bytes: Buffer) => {
      errors = (errors + bytes.toString()).slice(-4000);
    });
    child.on('message', (news: FaultNews) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(hang, MAX_CASE_MS);
      if (news.kind === 'case') {
        ({ index, what } = news);
        tally.add(1);
      } else if (news.kind === 'failure') {
        tally.fail(`${replay}, ${what}`, news.message);
      } else {
        done = true;
      }
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(watchdog);
      const death = `the process ended (${signal ?? `code ${code}`}): ${errors}`;
      resolve({ index, what, death: done ? undefined : death });
    });
  });
}
