// The process that the kill family kills: it compacts, writes and makes checkpoints, or adopts and
// writes, until it dies, and says what has been acknowledged (kill-words.ts). "ready" goes to standard
// error.
import { type AdoptOrders, adoptUntilKilled } from './kill-adopting.js';
import { type CompactOrders, compactUntilKilled } from './kill-compacting.js';
import { type KillPoint, KillPoints } from './kill-points.js';
import { say } from './kill-words.js';
import { NOT_REACHED, type VictimTools } from './victim-tools.js';

/** What the victim is told, as JSON in its first argument. */
export interface VictimOrders {
  readonly work: CompactOrders | AdoptOrders;
  /** Where it kills itself. Without one it waits for its parent to. */
  readonly point: KillPoint | undefined;
  /** Says "ready" before anything is opened, not after: then it may be killed while it opens. */
  readonly readyAtOnce: boolean;
  /** It does so many rounds, says what points there were, and ends by itself. */
  readonly dryRounds: number | undefined;
}

/** A dry run comes to each point in fewer, but for those of a store that is in another state: made, or left by a kill. */
const MAX_ROUNDS_TO_POINT = 30;
async function main({ work, point, readyAtOnce, dryRounds }: VictimOrders): Promise<void> {
  let isReady = false;
  const ready = () => {
    if (!isReady) process.stderr.write('ready\n');
    isReady = true;
  };
  // A parent that is gone kills nobody.
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
  for (const [name, count] of points.passed) say(`p ${count} ${name}`);
  process.exit();
}

const orders = process.argv[2];
if (orders !== undefined && process.argv[1]?.includes('kill-victim')) {
  await main(JSON.parse(orders) as VictimOrders);
}
