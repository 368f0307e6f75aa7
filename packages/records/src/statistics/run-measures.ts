import type { SyncStatsRecord } from '../gen/c1/storage/v3/records_pb.js';

/** Measurements of a run, stored with the statistics of its sync. */
export type RunMeasures = Partial<
  Pick<
    SyncStatsRecord,
    'stepDurationsMs' | 'connectorCallStats' | 'sessionStoreStats' | 'ingestQuality'
  >
>;

/** The fields of statistics besides the counts, including fields of later versions. */
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
