// How to reach a cluster.
import type { ConnectionOptions } from 'node:tls';
import { describeValue } from '@sstitch/contract';
import { ClusterError } from '../errors.js';

const DEFAULT_PORT = 9042;
const DEFAULT_STATEMENT_TIMEOUT_MS = 30_000;
const DEFAULT_REPLICATION_FACTOR = 3;

/** Options of {@link openCassandra}. */
export interface CassandraOptions {
  /** Some nodes, as `host` or `host:port`; the others are found through them. All nodes have the same port. */
  readonly contactPoints: readonly string[];
  /** Lower-case letters, digits and underscores, at most 48. */
  readonly keyspace: string;
  /** The data center whose nodes are asked. Needed if the cluster has several. */
  readonly localDataCenter?: string;
  /** A role and its password, for clusters that require a login. Without them, the driver connects anonymously. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /**
   * Options of `tls.connect`, such as `ca`, `cert` and `key`; `{}` checks the nodes' certificates against the system's
   * authorities. The certificates must name the addresses that the nodes have in the cluster, unless `servername` is a
   * name that all of them contain.
   * @defaultValue no TLS
   */
  readonly tls?: ConnectionOptions;
  /**
   * Whether to create the keyspace and the tables that do not exist. Only one process at a time may create them.
   *
   * @defaultValue false
   */
  readonly create?: boolean;
  /**
   * The number of copies of each row, in a keyspace that is created.
   *
   * @defaultValue 3
   */
  readonly replicationFactor?: number;
  /**
   * How long a statement is repeated, on one node and another, before it fails. Commits are not repeated.
   *
   * @defaultValue 30000
   */
  readonly statementTimeoutMs?: number;
}

export interface CheckedOptions {
  /** Without ports. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly keyspace: string;
  readonly create: boolean;
  readonly replicationFactor: number;
  readonly statementTimeoutMs: number;
}

/** @throws ClusterError SSTITCH_OPTION_INVALID */
export function checkOptions(options: CassandraOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ClusterError(
      'SSTITCH_OPTION_INVALID',
      `options must be an object with contactPoints and a keyspace, not ${describeValue(options)}`,
    );
  }
  const {
    keyspace,
    create = false,
    replicationFactor = DEFAULT_REPLICATION_FACTOR,
    statementTimeoutMs = DEFAULT_STATEMENT_TIMEOUT_MS,
  } = options;
  // The pattern alone would accept a missing keyspace as one named "undefined".
  if (typeof keyspace !== 'string' || !/^[a-z][a-z0-9_]{0,47}$/.test(keyspace)) {
    throw invalid('keyspace', keyspace, 'is lower-case letters, digits and underscores');
  }
  if (!Number.isInteger(replicationFactor) || replicationFactor < 1) {
    throw invalid('replicationFactor', replicationFactor, 'is a whole number from 1');
  }
  if (typeof statementTimeoutMs !== 'number' || !(statementTimeoutMs > 0)) {
    throw invalid('statementTimeoutMs', statementTimeoutMs, 'is a positive number');
  }
  const { contactPoints } = options;
  if (!Array.isArray(contactPoints)) {
    throw invalid('contactPoints', contactPoints, 'is an array of nodes');
  }
  const points = contactPoints.map(hostAndPort);
  const ports = new Set(points.map(({ port }) => port));
  const [port] = ports;
  if (port === undefined) throw invalid('contactPoints', [], 'names at least one node');
  // The driver learns the other nodes' addresses from the cluster, without ports.
  if (ports.size > 1) {
    throw invalid('contactPoints', [...ports].join(', '), 'has the same port for all nodes');
  }
  const hosts = points.map(({ host }) => host);
  return { hosts, port, keyspace, create, replicationFactor, statementTimeoutMs };
}

/** `host`, `host:port`, an IPv6 address, or `[address]:port`. */
function hostAndPort(contactPoint: string): { readonly host: string; readonly port: number } {
  const wrong = () => invalid('contactPoints', contactPoint, 'has the form host or host:port');
  // An absent one would be a host named "undefined".
  if (typeof contactPoint !== 'string') throw wrong();
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(contactPoint) ?? [];
  const isIpv6 = /^[0-9a-f]*(:[0-9a-f]*){2,}$/i.test(contactPoint);
  const host = isIpv6 ? contactPoint : (bracketed ?? plain);
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw wrong();
  return { host, port };
}

function invalid(option: string, value: unknown, rule: string): ClusterError {
  return new ClusterError(
    'SSTITCH_OPTION_INVALID',
    `option ${option} ${rule}, not ${shown(value)}`,
  );
}

function shown(value: unknown): string {
  // A URL in place of a node may have a password before the @.
  if (typeof value === 'string') return JSON.stringify(value.replace(/^.*@/s, '…@'));
  return typeof value === 'number' ? String(value) : describeValue(value);
}
