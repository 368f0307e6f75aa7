// Connects to the cluster that an address names. The code of each backend is imported when it is needed, and so is its
// driver.
import type { ClusterConnection } from '@sstitch/cluster';
import type { ClusterDatabase, HostPort } from '../command-line/store-name.js';
import { usageError } from '../errors.js';
import { clusterCredentials, tlsOptions } from './cluster-credentials.js';

/**
 * Connects. With `create`, creates the tables that do not exist.
 *
 * @throws ClusterError SSTITCH_DRIVER_MISSING, SSTITCH_CLUSTER_UNAVAILABLE, SSTITCH_CLUSTER_REFUSED, SSTITCH_OPTION_INVALID; CliError as
 * `clusterCredentials`
 */
export async function connectTo(
  name: ClusterDatabase,
  create: boolean,
): Promise<ClusterConnection> {
  const { user, password } = await clusterCredentials(name.user, process.env);
  const tls = await tlsOptions(name.tls);
  if (name.kind === 'postgres') {
    const { openPostgres } = await import('@sstitch/cluster/postgres');
    const [server] = name.hosts;
    return openPostgres({
      ...(server !== undefined && { host: server.host }),
      ...(server?.port !== undefined && { port: server.port }),
      database: name.database,
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
      ...(name.tls !== undefined && { tls: tls ?? false }),
      ...(name.schema !== undefined && { schema: name.schema }),
      create,
    });
  }
  if ((user === undefined) !== (password === undefined)) {
    throw usageError(
      'Cassandra takes a user and a password together: set SSTITCH_CLUSTER_USER and SSTITCH_CLUSTER_PASSWORD',
    );
  }
  const { openCassandra } = await import('@sstitch/cluster/cassandra');
  return openCassandra({
    contactPoints: name.hosts.map(contactPoint),
    keyspace: name.database,
    ...(name.dataCentre !== undefined && { localDataCenter: name.dataCentre }),
    ...(user !== undefined &&
      password !== undefined && { credentials: { username: user, password } }),
    ...(tls !== undefined && { tls }),
    ...(name.replicationFactor !== undefined && { replicationFactor: name.replicationFactor }),
    create,
  });
}

function contactPoint({ host, port }: HostPort): string {
  const address = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? address : `${address}:${port}`;
}
