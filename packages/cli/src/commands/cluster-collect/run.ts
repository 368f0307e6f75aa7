import { setTimeout as sleep } from 'node:timers/promises';
import type { CollectionReport } from '@sstitch/cluster';
import type { Run } from '../../command-line/command-context.js';
import { formatBytes, formatCountOf, formatMs, roundMs } from '../../output/quantities.js';
import { withCluster } from '../../stores/open-cluster.js';
import type { clusterCollectCommand } from './command.js';

/** How much longer than twice a lease to wait, since leases are read at the start and at the end. */
const MARGIN_MS = 1000;

export const run: Run<typeof clusterCollectCommand> = (context, { address, findDead }) =>
  withCluster(address, 'refuse', async ({ store }) => {
    const { progress, signal, style } = context;
    const started = performance.now();
    let report = await store.collect({ signal });
    if (findDead) {
      const [{ owner }, { leases }] = [
        await store.metrics(),
        await store.clusterStatus({ signal }),
      ];
      const others = leases.filter((lease) => lease.owner !== owner);
      const waitMs = 2 * Math.max(0, ...others.map((lease) => lease.durationMs)) + MARGIN_MS;
      progress.update({ doing: `watching leases for ${formatMs(waitMs)}` });
      await sleep(waitMs, undefined, { signal });
      report = sumOf(report, await store.collect({ signal }));
    }
    const { loads } = await store.clusterStatus({ signal });
    const durationMs = roundMs(performance.now() - started);
    return {
      document: { address, ...report, durationMs },
      summary: `${linesOf(report)}${loadsLine(loads.length, findDead)}${style.good('done')} in ${formatMs(durationMs)}\n`,
    };
  });

/** Both collections together. What is held, and up to where the log is deleted, is as of the second. */
function sumOf(first: CollectionReport, second: CollectionReport): CollectionReport {
  return {
    deletedRuns: first.deletedRuns + second.deletedRuns,
    deletedBytes: first.deletedBytes + second.deletedBytes,
    heldRuns: second.heldRuns,
    deletedLoads: first.deletedLoads + second.deletedLoads,
    abortedOwners: first.abortedOwners + second.abortedOwners,
    deletedLeases: first.deletedLeases + second.deletedLeases,
    deletedAnnouncements: first.deletedAnnouncements + second.deletedAnnouncements,
    deletedSegments: first.deletedSegments + second.deletedSegments,
    heldSlot: second.heldSlot,
  };
}

/** This process has no loads: what is left belongs to processes that run, or that no process has found dead. */
function loadsLine(loads: number, findDead: boolean): string {
  if (loads === 0) return '';
  const hint = findDead ? '' : ': --find-dead finds out whether they have died';
  return `kept ${formatCountOf(loads, 'load')} of other processes${hint}\n`;
}

function linesOf(report: CollectionReport): string {
  const { deletedRuns, deletedBytes, heldRuns, deletedLoads, deletedSegments } = report;
  const ended = Math.max(report.abortedOwners, report.deletedLeases);
  return [
    `deleted ${formatCountOf(deletedRuns, 'run')}, ${formatBytes(deletedBytes)}; ` +
      `readers keep ${formatCountOf(heldRuns, 'run')}`,
    `deleted ${formatCountOf(deletedLoads, 'load')} of dead processes`,
    `deleted ${formatCountOf(deletedSegments, 'segment')} of the log`,
    ...(ended === 0
      ? []
      : [`found ${formatCountOf(ended, 'process', 'processes')} that had ended`]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
