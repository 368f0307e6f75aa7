// What an error of the driver means: whether the same statement may succeed later, and whether it was sent at all.
import { ClusterError } from '../errors.js';
import { type Refusal, tlsRefusal } from '../refusal.js';

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

/** Whether a node refused the statement, for a missing permission: it had no effect. */
export function wasDenied(error: unknown): boolean {
  const { name, code } = (error ?? {}) as DriverFailure;
  return name === 'ResponseError' && code === UNAUTHORIZED;
}

/** The error that callers see. */
export function unavailable(cause: unknown): ClusterError {
  const nodes = nodesOf(cause);
  const errors = nodes.length === 0 ? [cause] : nodes.map(([, error]) => error);
  const refusal = errors.map(refusalOf).find((each) => each !== undefined);
  // The driver's own message has the first node's stack.
  const problem =
    nodes.length === 0
      ? problemOf(cause)
      : `no node ${refusal === undefined ? 'answers' : 'takes the connection'}: ${nodes
          .map(([node, error]) => `${node} (${problemOf(error)})`)
          .join(', ')}`;
  const message = `Cassandra: ${problem}`;
  return refusal === undefined
    ? new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', message, { cause })
    : new ClusterError('SSTITCH_CLUSTER_REFUSED', message, { cause, reason: refusal.reason });
}

/** Why each node was not asked. */
function nodesOf(cause: unknown): Array<[node: string, error: unknown]> {
  const { name, innerErrors = {} } = (cause ?? {}) as DriverFailure;
  return name === 'NoHostAvailableError' ? Object.entries(innerErrors) : [];
}

function problemOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (
    refusalOf(error)?.message ??
    (ENDED.test(message) ? `${message}: if it takes TLS alone, set tls` : message)
  );
}

/** Why a node refuses this client, and what to do; undefined if it does not. */
function refusalOf(error: unknown): Refusal | undefined {
  const { name, message = '', additionalInfo } = (error ?? {}) as DriverFailure;
  if (name === 'AuthenticationError') {
    return additionalInfo === undefined
      ? { reason: 'login-missing', message: 'it asks for a login: set a user and a password' }
      : { reason: 'login-wrong', message: `${message}: check the user and the password` };
  }
  if (wasDenied(error)) {
    return { reason: 'permission-missing', message: `${message}: grant it` };
  }
  return tlsRefusal(error);
}

function isPermanent(error: unknown): boolean {
  const { name = '', message = '', code } = (error ?? {}) as DriverFailure;
  if (name === 'ResponseError') {
    // A session sends statements only after it has seen the tables.
    if (code === INVALID && SCHEMA_LAG.test(message)) return false;
    return typeof code === 'number' && PERMANENT_CODES.has(code);
  }
  return PERMANENT_NAMES.has(name) || tlsRefusal(error) !== undefined;
}

/** ECONNREFUSED, ENOTFOUND, ECONNRESET … */
function isSystemCode(code: unknown): boolean {
  return typeof code === 'string' && /^E[A-Z]+$/.test(code);
}
