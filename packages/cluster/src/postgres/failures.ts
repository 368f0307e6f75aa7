// What the driver's errors mean.
import { ClusterError, type ClusterErrorCode } from '../errors.js';
import { tlsProblem } from '../tls-failures.js';

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

/** What to do about the SQLSTATEs of a server that refuses this client. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['28000', 'check the user and the database'],
  ['28P01', 'check the user and the password'],
  ['42501', 'grant it'],
]);
/** The server's messages for a role that may not create the schema, and one that may not use it or its tables. */
const NO_CREATE = /permission denied for database/;
const NO_USE = /permission denied for (schema|table)/;
const NO_DATABASE = '3D000';
/** pg's messages when the server asks for a password and there is none, and when it does not speak TLS. */
const NO_PASSWORD = /client password must be a (non-empty )?string/;
const NO_TLS = /server does not support SSL/;
/** The server's messages where its pg_hba.conf asks for a client's certificate, or has no entry without TLS. */
const NO_CERTIFICATE = /valid client certificate/;
const NOT_ENCRYPTED = /no encryption|SSL off/;

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

/** The error that callers see. */
export function unavailable(cause: unknown): ClusterError {
  if (cause instanceof ClusterError) return cause;
  return new ClusterError(codeOf(cause), `PostgreSQL: ${messageOf(cause)}`, { cause });
}

function codeOf(error: unknown): ClusterErrorCode {
  if (refusalOf(error) !== undefined) return 'SSTITCH_CLUSTER_REFUSED';
  switch ((error as { code?: unknown } | undefined)?.code) {
    case NO_DATABASE:
      return 'SSTITCH_CLUSTER_NOT_FOUND';
    case 'ERR_INVALID_URL':
      return 'SSTITCH_OPTION_INVALID';
    default:
      return 'SSTITCH_CLUSTER_UNAVAILABLE';
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  return refusalOf(error) ?? (error instanceof Error ? error.message : String(error));
}

/** Why the server refuses this client, and what to do; undefined if it does not. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  if (NO_PASSWORD.test(message)) return 'the server asks for a password, and none is set';
  if (NO_TLS.test(message)) return 'the server does not speak TLS: leave out tls';
  const advice = ADVICE.get('code' in error ? String(error.code) : '');
  if (advice === undefined) return tlsProblem(error);
  if (NO_CREATE.test(message)) return `${message}: grant CREATE on the database`;
  if (NO_USE.test(message)) {
    return `${message}: grant USAGE on the schema, and SELECT, INSERT, UPDATE and DELETE on its tables`;
  }
  if (NO_CERTIFICATE.test(message)) return `${message}: set cert and key`;
  return `${message}: ${NOT_ENCRYPTED.test(message) ? `set tls, or ${advice}` : advice}`;
}
