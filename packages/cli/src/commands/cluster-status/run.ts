import type { ClusterStatus, RunTotals } from '@sstitch/cluster';
import type { Run } from '../../command-line/command-context.js';
import { formatBytes, formatCount, formatCountOf } from '../../output/quantities.js';
import { withCluster } from '../../stores/open-cluster.js';
import type { clusterStatusCommand } from './command.js';

export const run: Run<typeof clusterStatusCommand> = ({ signal, style }, { address }) =>
  withCluster(address, 'refuse', async ({ store }) => {
    const status = await store.clusterStatus({ signal });
    const { owner } = await store.metrics();
    // The lease of this process ends with it.
    const leases = status.leases.filter((lease) => lease.owner !== owner);
    return {
      document: {
        address,
        ...status,
        checkpointSlot: status.checkpointSlot ?? null,
        leases: leases.map(({ isDead: _, ...lease }) => lease),
      },
      text: textOf({ ...status, leases }, style.bold),
    };
  });

function textOf(status: ClusterStatus, bold: (text: string) => string): string {
  const { slot, checkpointSlot, pieces, memtableEntries, memtableBytes, owners } = status;
  const { leases, loads, orphans } = status;
  const oldest = Math.min(...leases.map((lease) => lease.slot));
  const lines: ReadonlyArray<readonly [title: string, text: string]> = [
    [
      'log',
      `${formatCountOf(slot, 'slot')}, ` +
        (checkpointSlot === undefined
          ? 'no checkpoint'
          : `${formatCount(slot - checkpointSlot)} after the newest checkpoint`),
    ],
    ['runs', `${totalsText(status.pieceRuns)}, in ${formatCountOf(pieces, 'piece')}`],
    ['level 0', totalsText(status.levelZero)],
    [
      'memtable',
      `${formatCountOf(memtableEntries, 'entry', 'entries')}, ${formatBytes(memtableBytes)}`,
    ],
    [
      'retired',
      status.retired.runs === 0
        ? 'no runs'
        : `${totalsText(status.retired)}, until a collection deletes them`,
    ],
    [
      'leases',
      leases.length === 0
        ? 'none: no other process has the store open'
        : `${formatCount(leases.length)}, from slot ${formatCount(oldest)} on; ${formatCountOf(owners, 'process has', 'processes have')} joined as writers`,
    ],
    [
      'loads',
      `${formatCount(loads.length - orphans)} in progress, ${formatCountOf(orphans, 'orphan')}`,
    ],
  ];
  const width = Math.max(...lines.map(([title]) => title.length));
  return lines.map(([title, text]) => `${bold(title.padEnd(width))}  ${text}\n`).join('');
}

function totalsText({ runs, entries, bytes }: RunTotals): string {
  if (runs === 0) return 'no runs';
  return `${formatCountOf(runs, 'run')}, ${formatCountOf(entries, 'entry', 'entries')}, ${formatBytes(bytes)}`;
}
