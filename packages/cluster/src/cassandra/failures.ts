// What an error of the driver means: whether the same statement may succeed later, and whether it was sent at all.
import { ClusterError } from '../errors.js';
import { tlsProblem } from '../tls-failures.js';

const BAD_CREDENTIALS = 0x0100;
const UNAUTHORIZED = 0x2100;
const INVALID = 0x2200;
/** Answers of a node that the same statement gets again: the native protocol, "Error codes". */
const PERMANENT_CODES = new Set([
  0x000a, // protocol error
  BAD_CREDENTIALS,
  0x2000, // syntax error
  UNAUTHORIZED,
  INVALID,
  0x2300, // configuration error
  0x2400, // already exists
]);
const PERMANENT_NAMES = new Set(['AuthenticationError', 'ArgumentError', 'NotSupportedError']);
const TRANSIENT_NAMES = new Set(['OperationTimedOutError', 'BusyConnectionError']);

/** A node's message about a table that it does not know yet, because it was down when the table was created. */
const SCHEMA_LAG = /unconfigured table|does not exist/;

/** How a node that accepts only TLS answers a connection without it. */
const ENDED = /^(read ECONNRESET|Socket was closed)$/;

interface DriverFailure {
  readonly name?: string;
  readonly message?: string;
  readonly code?: number | string;
  readonly isSocketError?: boolean;
  /** Of NoHostAvailableError: why the driver skipped each node. */
  readonly innerErrors?: Readonly<Record<string, unknown>>;
  /** Of a node's AuthenticationError: its answer. */
  readonly additionalInfo?: unknown;
}

/** Whether the statement may succeed if it is sent again. */
export function isTransient(error: unknown): boolean {
  const { name = '', code, isSocketError, innerErrors = {} } = (error ?? {}) as DriverFailure;
  if (name === 'NoHostAvailableError') return !Object.values(innerErrors).some(isPermanent);
  if (name === 'ResponseError') return !isPermanent(error);
  return isSocketError === true || TRANSIENT_NAMES.has(name) || isSystemCode(code);
}

/** Whether no node can have received the statement: the driver had no connection for it. Not so for a batch. */
export function wasNeverSent(error: unknown): boolean {
  return (error as DriverFailure).name === 'NoHostAvailableError';
}

/** The error that callers see. */
export function unavailable(cause: unknown): ClusterError {
  const nodes = nodesOf(cause);
  const errors = nodes.length === 0 ? [cause] : nodes.map(([, error]) => error);
  const isRefused = errors.some((error) => refusalOf(error) !== undefined);
  // The driver's own message has the first node's stack.
  const reason =
    nodes.length === 0
      ? reasonOf(cause)
      : `no node ${isRefused ? 'takes the connection' : 'answers'}: ${nodes
          .map(([node, error]) => `${node} (${reasonOf(error)})`)
          .join(', ')}`;
  const code = isRefused ? 'SSTITCH_CLUSTER_REFUSED' : 'SSTITCH_CLUSTER_UNAVAILABLE';
  return new ClusterError(code, `Cassandra: ${reason}`, { cause });
}

/** Why each node was not asked. */
function nodesOf(cause: unknown): Array<[node: string, error: unknown]> {
  const { name, innerErrors = {} } = (cause ?? {}) as DriverFailure;
  return name === 'NoHostAvailableError' ? Object.entries(innerErrors) : [];
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (
    refusalOf(error) ??
    (ENDED.test(message) ? `${message}: if it takes TLS alone, set tls` : message)
  );
}

/** Why a node refuses this client, and what to do; undefined if it does not. */
function refusalOf(error: unknown): string | undefined {
  const { name, message = '', code, additionalInfo } = (error ?? {}) as DriverFailure;
  if (name === 'AuthenticationError') {
    return additionalInfo === undefined
      ? 'it asks for a login: set a user and a password'
      : `${message}: check the user and the password`;
  }
  if (name === 'ResponseError' && code === UNAUTHORIZED) return `${message}: grant it`;
  return tlsProblem(error);
}

function isPermanent(error: unknown): boolean {
  const { name = '', message = '', code } = (error ?? {}) as DriverFailure;
  if (name === 'ResponseError') {
    // A session sends statements only after it has seen the tables.
    if (code === INVALID && SCHEMA_LAG.test(message)) return false;
    return typeof code === 'number' && PERMANENT_CODES.has(code);
  }
  return PERMANENT_NAMES.has(name) || tlsProblem(error) !== undefined;
}

/** ECONNREFUSED, ENOTFOUND, ECONNRESET … */
function isSystemCode(code: unknown): boolean {
  return typeof code === 'string' && /^E[A-Z]+$/.test(code);
}
