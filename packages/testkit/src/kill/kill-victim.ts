// The process that the kill family kills. It compacts, writes and makes checkpoints, or adopts and writes,
// until it dies, and reports what was acknowledged (victim-report.ts). It writes "ready" to standard error.
import { type AdoptOrders, adoptUntilKilled } from './kill-adopting.js';
import { type CompactOrders, compactUntilKilled } from './kill-compacting.js';
import { type KillPoint, KillPoints } from './kill-points.js';
import { report } from './victim-report.js';
import { NOT_REACHED, type VictimTools } from './victim-tools.js';

/** The orders to a victim, as JSON in its first argument. */
export interface VictimOrders {
  readonly work: CompactOrders | AdoptOrders;
  /** The point at which it kills itself; undefined if its parent kills it. */
  readonly point: KillPoint | undefined;
  /** Whether it reports "ready" before it opens anything, so that it may be killed while it opens stores. */
  readonly readyAtOnce: boolean;
  /** If set, it runs this many rounds, reports the points that it passed, and ends by itself. */
  readonly dryRounds: number | undefined;
}

/** How many rounds a victim runs to reach its point. A dry run needs fewer, but this store may be in another state. */
const MAX_ROUNDS_TO_POINT = 30;
async function main({ work, point, readyAtOnce, dryRounds }: VictimOrders): Promise<void> {
  let isReady = false;
  const ready = () => {
    if (!isReady) process.stderr.write('ready\n');
    isReady = true;
  };
  // If the parent has ended, nothing would kill this process.
  process.stdin.on('end', () => process.exit(1)).resume();
  const isWatched = point !== undefined || dryRounds !== undefined;
  const points = new KillPoints(point);
  const tools: VictimTools = {
    fileSystem: isWatched ? points.fileSystem : undefined,
    rounds: dryRounds ?? (point === undefined ? Number.POSITIVE_INFINITY : MAX_ROUNDS_TO_POINT),
    ready,
  };
  if (readyAtOnce) ready();
  if (work.kind === 'compact') await compactUntilKilled(work, tools);
  else await adoptUntilKilled(work, tools);
  if (point !== undefined) {
    process.stderr.write(NOT_REACHED);
    process.kill(process.pid, 'SIGKILL');
  }
  for (const [name, count] of points.passed) report(`p ${count} ${name}`);
  process.exit();
}

const orders = process.argv[2];
if (orders !== undefined && process.argv[1]?.includes('kill-victim')) {
  await main(JSON.parse(orders) as VictimOrders);
}
