// The Cassandra nodes that the tests run on: those that SSTITCH_CASSANDRA names.
import { openCassandra } from '../src/cassandra/index.js';
import type { ClusterConnection } from '../src/connection.js';

export const contactPoints = process.env['SSTITCH_CASSANDRA']?.split(',') ?? [];

/** Why there are none; undefined if there are. */
export const missingCassandra =
  contactPoints.length === 0 ? 'needs SSTITCH_CASSANDRA, or `pnpm cluster:test`' : undefined;

/** A connection of its own, as another process has it. */
export function connectToCassandra(): Promise<ClusterConnection> {
  return openCassandra({ contactPoints, keyspace: 'sstitch_test', create: true });
}
