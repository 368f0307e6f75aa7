// A connection to a Cassandra cluster. The driver keeps connections to every node of the data center and finds new
// ones by itself.
import type { Client, ClientOptions } from 'cassandra-driver';
import { type ClusterConnection, checkStoreName } from '../connection.js';
import type { ClusterPort } from '../port.js';
import { CassandraPort } from './cassandra-port.js';
import { type Driver, loadDriver } from './driver.js';
import { unavailable } from './failures.js';
import { type CassandraOptions, type CheckedOptions, checkOptions } from './options.js';
import { currentReplicasFirst, shutDownReplacedHosts } from './replaced-hosts.js';
import { checkSchema, createSchema } from './schema.js';
import { CassandraSession, READ_TIMEOUT_MS, SILENCE_MS } from './session.js';
import { StoresTable } from './stores-table.js';

const SCHEMA_AGREEMENT_S = 60;
/**
 * The protocol version that every supported release speaks. The driver would try newer ones with each connection, and
 * fall back.
 */
const PROTOCOL_VERSION = 4;
/** Pauses between attempts to connect to a node. The driver's own grow to ten minutes. */
const FIRST_RECONNECTION_MS = 200;
const LONGEST_RECONNECTION_MS = 2_000;

/**
 * Connects to a Cassandra cluster (4.1 or later with `paxos_variant: v2`, or 5) through the npm package
 * `cassandra-driver`. One connection serves any number of stores.
 *
 * @throws ClusterError SSTITCH_OPTION_INVALID; SSTITCH_CLUSTER_NOT_FOUND if the keyspace is missing and `create` is not set;
 * SSTITCH_DRIVER_MISSING; SSTITCH_CLUSTER_UNAVAILABLE; SSTITCH_CLUSTER_REFUSED for a wrong login or certificate;
 * SSTITCH_CLUSTER_CORRUPT if the tables are of another version
 */
export async function openCassandra(options: CassandraOptions): Promise<ClusterConnection> {
  const checked = checkOptions(options);
  const driver = await loadDriver();
  const client = new driver.Client(clientOptions(options, checked, driver));
  shutDownReplacedHosts(client);
  const session = new CassandraSession(client, driver, checked.statementTimeoutMs);
  try {
    await connect(client);
    if (checked.create) await create(client, session, options, checked);
    else await checkSchema(session, checked.keyspace);
  } catch (error) {
    await session.close();
    throw error;
  }
  return new CassandraConnection(session, checked.keyspace);
}

class CassandraConnection implements ClusterConnection {
  readonly #session: CassandraSession;
  readonly #keyspace: string;
  #closed: Promise<void> | undefined;

  constructor(session: CassandraSession, keyspace: string) {
    this.#session = session;
    this.#keyspace = keyspace;
  }

  store(name: string): ClusterPort {
    checkStoreName(name);
    return new CassandraPort(this.#session, this.#keyspace, name);
  }

  stores(): Promise<string[]> {
    return new StoresTable(this.#session, this.#keyspace).names();
  }

  close(): Promise<void> {
    this.#closed ??= this.#session.close();
    return this.#closed;
  }
}

function clientOptions(
  { localDataCenter, credentials, tls }: CassandraOptions,
  { hosts, port }: CheckedOptions,
  driver: Driver,
): ClientOptions {
  const { policies } = driver;
  const { DCAwareRoundRobinPolicy, RoundRobinPolicy } = policies.loadBalancing;
  const roundRobin =
    localDataCenter === undefined
      ? new RoundRobinPolicy()
      : new DCAwareRoundRobinPolicy(localDataCenter);
  return {
    contactPoints: [...hosts],
    // Also of the nodes that are found through the contact points: without it they are looked for on 9042.
    protocolOptions: {
      port,
      maxVersion: PROTOCOL_VERSION,
      maxSchemaAgreementWaitSeconds: SCHEMA_AGREEMENT_S,
    },
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
    // By itself the driver takes any certificate.
    ...(tls === undefined ? {} : { sslOptions: { rejectUnauthorized: true, ...tls } }),
    // A connection that leaves one statement without an answer is closed: a node whose network drops packets
    // would otherwise get a third of the appends, each for the whole time-out.
    socketOptions: { readTimeout: READ_TIMEOUT_MS, defunctReadTimeoutThreshold: 0 },
    policies: {
      loadBalancing: currentReplicasFirst(driver, roundRobin),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(
        FIRST_RECONNECTION_MS,
        LONGEST_RECONNECTION_MS,
        true,
      ),
      speculativeExecution: new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(
        SILENCE_MS,
        1,
      ),
    },
  };
}

async function connect(client: Client): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    throw unavailable(error);
  }
}

async function create(
  client: Client,
  session: CassandraSession,
  { localDataCenter }: CassandraOptions,
  { keyspace, replicationFactor }: CheckedOptions,
): Promise<void> {
  const hosts = client.hosts.values();
  const dataCenter = localDataCenter ?? hosts[0]?.datacenter ?? '';
  const nodes = hosts.filter(({ datacenter }) => datacenter === dataCenter).length;
  await createSchema(session, keyspace, { dataCenter, nodes, replicationFactor });
}
