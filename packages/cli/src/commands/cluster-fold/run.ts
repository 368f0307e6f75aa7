import type { Run } from '../../command-line/command-context.js';
import { formatBytes, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { withCluster } from '../../stores/open-cluster.js';
import type { clusterFoldCommand } from './command.js';

export const run: Run<typeof clusterFoldCommand> = ({ signal, style }, { address }) =>
  withCluster(address, 'refuse', async ({ store }) => {
    const started = performance.now();
    const report = await store.fold({ signal });
    const durationMs = roundMs(performance.now() - started);
    const { runsWritten, bytesWritten, isComplete } = report;
    return {
      document: { address, ...report, durationMs },
      text: isComplete
        ? ''
        : 'other processes changed a part of the store meanwhile: that part is left for the next fold\n',
      summary:
        `${style.good('done')}: ${formatCountOf(runsWritten, 'run')} written, ` +
        `${formatBytes(bytesWritten)}, in ${formatMs(durationMs)}\n`,
    };
  });
