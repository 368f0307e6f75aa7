// The process that runs the fault cases of one scenario, from a given case on. A fault that makes LevelDB abort
// ends it, and its parent knows at which case.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@sstitch/testkit/torture';
import type { CrashTarget } from '../crash/crash-checker.js';
import { type FaultScenario, runFaultCase } from './fault-case.js';
import { codesFor, type Fault, type FaultOperation } from './fault-injector.js';
import { faultScenarios } from './fault-scenarios.js';

export interface FaultOrders {
  readonly scenario: number;
  readonly seed: number;
  /** Whether to try every possible code at every operation, once and lasting, or a random one. */
  readonly everyCode: boolean;
  readonly from: number;
}

export type FaultNews =
  | { readonly kind: 'case'; readonly index: number; readonly what: string }
  | { readonly kind: 'failure'; readonly index: number; readonly message: string }
  | { readonly kind: 'done' };

/** Runs all cases of a scenario in an order that depends only on the orders. */
async function runScenario(orders: FaultOrders, tell: (news: FaultNews) => void): Promise<void> {
  const scenario = faultScenarios[orders.scenario];
  if (scenario === undefined) throw new Error(`there is no scenario ${orders.scenario}`);
  const memory = '/dev/shm';
  const parent = existsSync(memory) ? memory : tmpdir();
  const root = realpathSync.native(mkdtempSync(join(parent, 'sstitch-faults-')));
  try {
    mkdirSync(`${root}/template`);
    const targets = await scenario.prepare(`${root}/template`);
    await new ScenarioCases(scenario, targets, root, orders, tell).run();
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

class ScenarioCases {
  readonly #scenario: FaultScenario;
  readonly #targets: readonly CrashTarget[];
  readonly #root: string;
  readonly #orders: FaultOrders;
  readonly #tell: (news: FaultNews) => void;
  #index = 0;

  constructor(
    scenario: FaultScenario,
    targets: readonly CrashTarget[],
    root: string,
    orders: FaultOrders,
    tell: (news: FaultNews) => void,
  ) {
    this.#scenario = scenario;
    this.#targets = targets;
    this.#root = root;
    this.#orders = orders;
    this.#tell = tell;
  }

  async run(): Promise<void> {
    // The first case has no fault: it must succeed, and opens what a process opens once.
    const operations = (await this.#case(undefined)) ?? [];
    const random = seededRandom(this.#orders.seed + this.#orders.scenario * 7919);
    for (const [after, operation] of operations.entries()) {
      const codes = codesFor(operation);
      if (this.#orders.everyCode) {
        for (const code of codes) {
          await this.#case({ code, after, lasting: false });
          await this.#case({ code, after, lasting: true });
        }
      } else {
        const code = codes[Math.floor(random() * codes.length)] ?? 'EIO';
        await this.#case({ code, after, lasting: random() < 0.5 });
      }
    }
  }

  async #case(fault: Fault | undefined): Promise<readonly FaultOperation[] | undefined> {
    const index = this.#index++;
    if (fault !== undefined && index < this.#orders.from) return undefined;
    const lasting = fault?.lasting ? ' and from then on' : '';
    const what = fault ? `${fault.code} at operation ${fault.after}${lasting}` : 'without a fault';
    this.#tell({ kind: 'case', index, what });
    try {
      const template = { directory: `${this.#root}/template`, targets: this.#targets };
      return await runFaultCase(this.#scenario, template, `${this.#root}/case`, fault);
    } catch (error) {
      this.#tell({ kind: 'failure', index, message: messageOf(error) });
      return undefined;
    }
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? text : `${text}\ncaused by ${messageOf(cause)}`;
}

const orders = process.argv[2];
if (
  process.send !== undefined &&
  orders !== undefined &&
  process.argv[1]?.includes('fault-child')
) {
  await runScenario(JSON.parse(orders) as FaultOrders, (news) => process.send?.(news));
  process.send({ kind: 'done' } satisfies FaultNews, () => process.exit());
}
