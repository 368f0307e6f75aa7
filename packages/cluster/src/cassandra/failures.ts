// What an error of the driver means: whether the same statement may succeed later, and whether it was sent at all.
import { ClusterError } from '../errors.js';

const INVALID = 0x2200;
/** Answers of a node that the same statement gets again: the native protocol, "Error codes". */
const PERMANENT_CODES = new Set([
  0x000a, // protocol error
  0x0100, // bad credentials
  0x2000, // syntax error
  0x2100, // unauthorized
  INVALID,
  0x2300, // configuration error
  0x2400, // already exists
]);
const PERMANENT_NAMES = new Set(['AuthenticationError', 'ArgumentError', 'NotSupportedError']);
const TRANSIENT_NAMES = new Set(['OperationTimedOutError', 'BusyConnectionError']);

/** A node's message about a table that it does not know yet, because it was down when the table was created. */
const SCHEMA_LAG = /unconfigured table|does not exist/;

interface DriverFailure {
  readonly name?: string;
  readonly message?: string;
  readonly code?: number | string;
  readonly isSocketError?: boolean;
  /** Of NoHostAvailableError: why the driver skipped each node. */
  readonly innerErrors?: Readonly<Record<string, unknown>>;
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
  const reason = reasonOf(cause);
  return new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', `Cassandra: ${reason}`, { cause });
}

/** The driver's message; of several nodes, why each failed: its own message has the first one's stack. */
function reasonOf(cause: unknown): string {
  const { name, innerErrors = {} } = (cause ?? {}) as DriverFailure;
  const nodes = Object.entries(innerErrors);
  if (name === 'NoHostAvailableError' && nodes.length > 0) {
    const reasons = nodes.map(([node, error]) => `${node} (${reasonOf(error)})`);
    return `no node answers: ${reasons.join(', ')}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}

function isPermanent(error: unknown): boolean {
  const { name = '', message = '', code } = (error ?? {}) as DriverFailure;
  if (name === 'ResponseError') {
    // A session sends statements only after it has seen the tables.
    if (code === INVALID && SCHEMA_LAG.test(message)) return false;
    return typeof code === 'number' && PERMANENT_CODES.has(code);
  }
  return PERMANENT_NAMES.has(name);
}

/** ECONNREFUSED, ENOTFOUND, ECONNRESET … */
function isSystemCode(code: unknown): boolean {
  return typeof code === 'string' && /^E[A-Z]+$/.test(code);
}
