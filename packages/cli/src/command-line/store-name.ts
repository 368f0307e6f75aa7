// The names of stores: a directory, or the address of a store on a cluster.
//
//   cassandra://[user@]host[:port],host…/keyspace/store[?dc=NAME&replication=N&tls=…]
//   postgres://[user@]host[:port]/database/store[?schema=NAME&tls=…]
//
// Each part of the path is in percent-encoding. A slash in a store's name is %2F: two names with a slash between them are
// more likely a mistake, such as a schema between database and store, than one name. `lease=SECONDS` is the time of the
// command's lease. TLS: `tls=require` checks the server's certificate, `tls=no-verify` does not; `ca`, `cert` and `key`
// name PEM files. Passwords come from the environment alone: other users see command lines, and shells keep them.
import { InvalidArgumentError } from 'commander';

const SCHEMES = { cassandra: 'cassandra', postgres: 'postgres', postgresql: 'postgres' } as const;
const ADDRESS = /^(cassandra|postgres|postgresql):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const HOST = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d+))?$/i;
const MAX_PORT = 65_535;
/** A day, the longest lease that a store takes. */
const MAX_LEASE_SECONDS = 86_400;
const TLS_MODES = ['off', 'require', 'no-verify'] as const;
/** Parameters after `?`, by kind. */
const PARAMETERS = {
  cassandra: ['tls', 'ca', 'cert', 'key', 'lease', 'dc', 'replication'],
  postgres: ['tls', 'ca', 'cert', 'key', 'lease', 'schema'],
} as const;

export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** How a connection is encrypted; the paths are of PEM files. */
export interface TlsParameters {
  readonly mode: (typeof TLS_MODES)[number];
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** The address of a cluster's database that holds stores. */
export interface ClusterDatabase {
  readonly kind: 'cassandra' | 'postgres';
  /** Empty for PostgreSQL's default host. */
  readonly hosts: readonly HostPort[];
  readonly user: string | undefined;
  /** The keyspace or the database. */
  readonly database: string;
  /** Undefined if the address says nothing about TLS. */
  readonly tls: TlsParameters | undefined;
  /** The time of leases, which all processes of the store share; undefined for the default. */
  readonly leaseMs: number | undefined;
  /** The data centre of Cassandra to connect to. */
  readonly dataCentre: string | undefined;
  /** The copies of everything in a keyspace that is created. */
  readonly replicationFactor: number | undefined;
  /** The schema of PostgreSQL's tables. */
  readonly schema: string | undefined;
}

/** The address of a store on a cluster. */
export interface ClusterName extends ClusterDatabase {
  readonly store: string;
}

/** Whether a store's name is an address, not a directory. With one slash it is an address with a typing error. */
export function isClusterName(text: string): boolean {
  return /^(cassandra|postgres|postgresql):\//i.test(text);
}

/** Parses the address of a store. @throws InvalidArgumentError, whose message does not contain a password */
export function parseClusterName(text: string): ClusterName {
  const { store, ...database } = parseAddress(text, 'store');
  if (store === '') throw wrongForm(text, 'store');
  return { ...database, store };
}

/** Parses an address without a store. @throws as {@link parseClusterName} */
export function parseClusterDatabase(text: string): ClusterDatabase {
  const { store, ...database } = parseAddress(text, 'database');
  if (store === '') return database;
  throw namesStore([store]);
}

/** The address of a store in the database that an address names. */
export function addressOfStore(database: string, store: string): string {
  const [path = '', query] = database.split('?', 2);
  return `${path.replace(/\/$/, '')}/${encodeURIComponent(store)}${query === undefined ? '' : `?${query}`}`;
}

/** Parses an address; the store is empty if it names none. */
function parseAddress(text: string, what: 'store' | 'database'): ClusterName {
  const [, scheme = '', authority = '', path = '', query = ''] = ADDRESS.exec(text) ?? [];
  const kind = SCHEMES[scheme.toLowerCase() as keyof typeof SCHEMES];
  if (kind === undefined) throw wrongForm(text, what);
  const at = authority.lastIndexOf('@');
  const login = at < 0 ? undefined : authority.slice(0, at);
  if (login?.includes(':')) {
    throw new InvalidArgumentError(
      'the address contains a password, which others could see: put it into SSTITCH_CLUSTER_PASSWORD, or into the file that SSTITCH_CLUSTER_PASSWORD_FILE names',
    );
  }
  const [database = '', ...names] = path.split('/');
  const [store = ''] = names;
  if (database === '') throw wrongForm(text, what);
  if (names.length > 1)
    throw names.includes('') ? wrongForm(text, what) : severalNames(names, what);
  const parameters = parametersOf(kind, query);
  const hosts = hostsOf(authority.slice(at + 1));
  if (hosts === undefined || (kind === 'cassandra' ? hosts.length === 0 : hosts.length > 1)) {
    throw wrongForm(text, what);
  }
  return {
    kind,
    hosts,
    user: login === undefined || login === '' ? undefined : decode(login),
    database: decode(database),
    store: decode(store),
    tls: tlsOf(parameters),
    leaseMs: leaseOf(parameters.get('lease')),
    dataCentre: parameters.get('dc'),
    replicationFactor: replicationOf(parameters.get('replication')),
    schema: parameters.get('schema'),
  };
}

/** Whether two names are certainly those of one store. */
export function isSameCluster(a: ClusterName, b: ClusterName): boolean {
  return (
    a.kind === b.kind &&
    a.database === b.database &&
    a.store === b.store &&
    (a.schema ?? '') === (b.schema ?? '') &&
    (a.hosts.length === 0
      ? b.hosts.length === 0
      : a.hosts.some((one) => b.hosts.some((other) => sameHost(one, other))))
  );
}

function sameHost(a: HostPort, b: HostPort): boolean {
  return a.host.toLowerCase() === b.host.toLowerCase() && a.port === b.port;
}

/** Undefined if one is not of the right form. */
function hostsOf(text: string): HostPort[] | undefined {
  if (text === '') return [];
  const hosts: HostPort[] = [];
  for (const part of text.split(',')) {
    const [, host = '', port] = HOST.exec(part.trim()) ?? [];
    if (host === '' || Number(port ?? 1) > MAX_PORT || port === '0') return undefined;
    hosts.push({
      host: host.replace(/^\[(.*)\]$/, '$1'),
      port: port === undefined ? undefined : Number(port),
    });
  }
  return hosts;
}

function parametersOf(kind: ClusterName['kind'], query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  const known: readonly string[] = PARAMETERS[kind];
  for (const [name, value] of new URLSearchParams(query)) {
    if (/password/i.test(name)) {
      throw new InvalidArgumentError(
        `the address contains the parameter ${name}: put a password into SSTITCH_CLUSTER_PASSWORD`,
      );
    }
    if (!known.includes(name) || value === '' || parameters.has(name)) {
      throw new InvalidArgumentError(
        `the address of a store on ${kind === 'cassandra' ? 'Cassandra' : 'PostgreSQL'} takes the parameters ${known.join(', ')}, each once and with a value, not ${JSON.stringify(name)}`,
      );
    }
    parameters.set(name, value);
  }
  return parameters;
}

function leaseOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= MAX_LEASE_SECONDS) return Number(text) * 1000;
  throw new InvalidArgumentError(
    `lease in the address is a number of seconds from 1 to ${MAX_LEASE_SECONDS}, not ${JSON.stringify(text)}`,
  );
}

function replicationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  throw new InvalidArgumentError(
    `replication in the address is a number of copies, not ${JSON.stringify(text)}`,
  );
}

function tlsOf(parameters: ReadonlyMap<string, string>): TlsParameters | undefined {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => parameters.get(name));
  const isNamed = (ca ?? cert ?? key) !== undefined;
  const given = parameters.get('tls') ?? (isNamed ? 'require' : undefined);
  if (given === undefined) return undefined;
  const mode = TLS_MODES.find((known) => known === given);
  if (mode === undefined) {
    throw new InvalidArgumentError(
      `tls in the address is one of ${TLS_MODES.join(', ')}, not ${JSON.stringify(given)}`,
    );
  }
  if (mode === 'off' && isNamed) {
    throw new InvalidArgumentError(
      'the address says tls=off and names a certificate: leave one out',
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new InvalidArgumentError('cert and key in the address are named together');
  }
  return { mode, ca, cert, key };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new InvalidArgumentError(`${JSON.stringify(part)} is not in percent-encoding`);
  }
}

function namesStore(names: readonly string[]): InvalidArgumentError {
  return new InvalidArgumentError(
    `the address names a store: leave out ${JSON.stringify(`/${names.join('/')}`)}`,
  );
}

function severalNames(names: readonly string[], what: 'store' | 'database'): InvalidArgumentError {
  if (what === 'database') return namesStore(names);
  const [first, ...others] = names;
  return new InvalidArgumentError(
    `the address goes on after the store ${JSON.stringify(first)}: leave out ${JSON.stringify(`/${others.join('/')}`)}, or write a slash in the store's name as %2F: ${JSON.stringify(`/${names.join('%2F')}`)}`,
  );
}

function wrongForm(text: string, what: 'store' | 'database'): InvalidArgumentError {
  const form = text.toLowerCase().startsWith('cassandra:')
    ? 'cassandra://HOST[:PORT],HOST/KEYSPACE'
    : 'postgres://[USER@]HOST[:PORT]/DATABASE';
  return new InvalidArgumentError(
    `the address of the ${what} is not of the form ${form}${what === 'store' ? '/STORE' : ''}`,
  );
}
