import type { SyncStatsRecord } from './gen/c1/storage/v3/records_pb.js';

/** What a run measured of itself, kept with the statistics of its sync. */
export type RunMeasures = Partial<
  Pick<
    SyncStatsRecord,
    'stepDurationsMs' | 'connectorCallStats' | 'sessionStoreStats' | 'ingestQuality'
  >
>;

/** What statistics hold besides counts, fields of later versions included. */
export function measuresOf(
  stats: SyncStatsRecord,
): RunMeasures & Pick<SyncStatsRecord, '$unknown'> {
  const { stepDurationsMs, connectorCallStats, sessionStoreStats, ingestQuality, $unknown } = stats;
  return {
    stepDurationsMs,
    connectorCallStats,
    sessionStoreStats,
    ...(ingestQuality && { ingestQuality }),
    ...($unknown && { $unknown }),
  };
}
