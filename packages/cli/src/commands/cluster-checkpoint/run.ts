import type { Run } from '../../command-line/command-context.js';
import { formatCount, formatMs, roundMs } from '../../output/quantities.js';
import { withCluster } from '../../stores/open-cluster.js';
import type { clusterCheckpointCommand } from './command.js';

export const run: Run<typeof clusterCheckpointCommand> = ({ signal, style }, { address }) =>
  withCluster(address, 'refuse', async ({ store }) => {
    const started = performance.now();
    const slot = await store.checkpoint({ signal });
    const durationMs = roundMs(performance.now() - started);
    return {
      document: { address, slot, durationMs },
      summary: `${style.good('done')}: the state at slot ${formatCount(slot)}, in ${formatMs(durationMs)}\n`,
    };
  });
