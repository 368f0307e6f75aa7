// The process that runs cases of the family leveldb-faults, with the shim preloaded. It runs case after case
// until one ends in its death.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '@sstitch/testkit/torture';
import { checkLeft, type KilledCase, runLevelFaultCase } from './leveldb-fault-case.js';
import { describePlan, levelFaultPlan } from './leveldb-fault-plan.js';
import { CONTROL_VARIABLE, FaultControl } from './leveldb-fault-shim.js';

export interface LevelFaultOrders {
  readonly seed: number;
  readonly from: number;
  /** The number after the last case. */
  readonly to: number;
  /** The process runs the cases whose number modulo `of` is `share`. */
  readonly share: number;
  readonly of: number;
  /** The directory for the stores. */
  readonly directory: string;
  /** The case that an earlier process left when it was killed. */
  readonly killed: KilledCase | undefined;
}

export type LevelFaultNews =
  | { readonly kind: 'case'; readonly index: number; readonly what: string }
  | { readonly kind: 'failure'; readonly message: string }
  /** The process kills itself now. */
  | { readonly kind: 'kill'; readonly index: number; readonly killed: KilledCase }
  | { readonly kind: 'done' };

async function main(orders: LevelFaultOrders): Promise<void> {
  const { seed, from, to, share, of, directory, killed } = orders;
  const control = new FaultControl(process.env[CONTROL_VARIABLE] ?? '');
  const failing = async (work: () => Promise<KilledCase | undefined>) => {
    try {
      return await work();
    } catch (error) {
      await tell({ kind: 'failure', message: errorText(error) });
      return undefined;
    }
  };
  if (killed !== undefined) {
    await failing(async () => {
      await checkLeft(killed.path, killed.expected);
      return undefined;
    });
  }
  for (let index = from; index < to; index++) {
    if (index % of !== share) continue;
    const plan = levelFaultPlan(seed, index);
    await tell({ kind: 'case', index, what: describePlan(plan) });
    const parent = mkdtempSync(join(directory, 'case-'));
    const left = await failing(() => runLevelFaultCase(join(parent, 'store'), plan, control));
    if (left !== undefined) {
      await tell({ kind: 'kill', index, killed: left });
      process.kill(process.pid, 'SIGKILL');
    }
    rmSync(parent, { recursive: true, force: true });
  }
  await tell({ kind: 'done' });
}

function tell(news: LevelFaultNews): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(news, () => resolve());
  });
}

const orders = process.argv[2];
if (orders !== undefined && process.argv[1]?.includes('leveldb-fault-child')) {
  process.on('disconnect', () => process.exit(1));
  await main(JSON.parse(orders) as LevelFaultOrders);
  process.exit();
}
