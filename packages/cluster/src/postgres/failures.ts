// What the driver's errors mean.
import { ClusterError } from '../errors.js';

/** Error codes of the operating system for a server that is unreachable, or no longer reachable. */
const LOST_CONNECTION = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['EAI_AGAIN', 'ENOENT', 'ECONNABORTED'],
]);
/**
 * SQLSTATEs of temporary failures (PostgreSQL, appendix A): the server shuts down, crashed, starts, has too many
 * connections, is a standby; a deadlock, a transaction that could not be serialized, a statement that timed out.
 */
const PASSING_STATES = new Set([
  ...['57P01', '57P02', '57P03', '53300', '25006', '40P01', '40001', '57014'],
]);
const CONNECTION_EXCEPTION = /^08/;
/** Messages of pg and pg-pool, whose errors have no code. */
const DRIVER_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/;

/** pg's message when the server asks for a password and there is none. */
const NO_PASSWORD = /client password must be a string/;

/** Whether a statement that failed may succeed on another connection or a moment later. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return (
    LOST_CONNECTION.has(code) ||
    PASSING_STATES.has(code) ||
    CONNECTION_EXCEPTION.test(code) ||
    DRIVER_MESSAGES.test(error.message) ||
    // A name with several addresses, none of which answers.
    (error instanceof AggregateError && error.errors.every(isPassing))
  );
}

export function unavailable(cause: unknown): ClusterError {
  if (cause instanceof ClusterError) return cause;
  return new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', `PostgreSQL: ${messageOf(cause)}`, {
    cause,
  });
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  const message = error instanceof Error ? error.message : String(error);
  return NO_PASSWORD.test(message)
    ? 'the server asks for a password: give the option password, PGPASSWORD or an entry in ~/.pgpass'
    : message;
}
