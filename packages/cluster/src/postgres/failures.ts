// What the driver's errors mean.
import { ClusterError } from '../errors.js';
import { type Refusal, tlsRefusal } from '../refusal.js';

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

/** SQLSTATEs of refusals: a user that may not log in, a wrong password, a missing permission. */
const USER_REFUSED = '28000';
const LOGIN_WRONG = '28P01';
const PERMISSION_MISSING = '42501';
const NO_DATABASE = '3D000';
/**
 * The functions of the server that report one SQLSTATE for several causes: no entry of pg_hba.conf takes the client as it
 * connects; it may not connect to the database. Unlike messages, their names are in no other language.
 */
const BY_HBA = 'ClientAuthentication';
const BY_CONNECT = 'CheckMyDatabase';
/** Messages of pg, whose errors have no code: the server asks for a password and there is none; it does not speak TLS. */
const NO_PASSWORD = /client password must be a (non-empty )?string/;
const NO_TLS = /server does not support SSL/;

/** Which sides of a connection prove who they are by a certificate. */
export type Encryption = 'none' | 'server' | 'both';

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

/** Whether the server refused a statement, for a missing permission: it had no effect. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === PERMISSION_MISSING;
}

/**
 * The error that callers see.
 *
 * @param encryption that of the connections
 */
export function unavailable(cause: unknown, encryption: Encryption = 'none'): ClusterError {
  if (cause instanceof ClusterError) return cause;
  const refusal = refusalOf(cause, encryption);
  if (refusal !== undefined) return refused(cause, refusal);
  const message = `PostgreSQL: ${messageOf(cause)}`;
  switch ((cause as { code?: unknown } | undefined)?.code) {
    case NO_DATABASE:
      return new ClusterError('SSTITCH_CLUSTER_NOT_FOUND', message, {
        ...{ cause, reason: 'database-missing' },
      });
    case 'ERR_INVALID_URL':
      return new ClusterError('SSTITCH_OPTION_INVALID', message, { cause });
    default:
      return new ClusterError('SSTITCH_CLUSTER_UNAVAILABLE', message, { cause });
  }
}

/** The error of the statements that create the tables: those need another permission than all others. */
export function creationFailure(cause: unknown): unknown {
  if (!(cause instanceof Error && isDenied(cause))) return cause;
  const message = `${cause.message}: grant CREATE on the database`;
  return refused(cause, { reason: 'permission-missing', message });
}

function refused(cause: unknown, { reason, message }: Refusal): ClusterError {
  return new ClusterError('SSTITCH_CLUSTER_REFUSED', `PostgreSQL: ${message}`, { cause, reason });
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

/** Why the server refuses this client; undefined if it does not. */
function refusalOf(error: unknown, encryption: Encryption): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message, code, routine } = error as Error & { code?: unknown; routine?: unknown };
  if (NO_PASSWORD.test(message)) {
    return {
      reason: 'password-missing',
      message: 'the server asks for a password, and none is set',
    };
  }
  if (NO_TLS.test(message)) {
    return {
      reason: 'tls-unsupported',
      message: 'the server does not speak TLS: leave out tls',
    };
  }
  switch (code) {
    case LOGIN_WRONG:
      return { reason: 'login-wrong', message: `${message}: check the user and the password` };
    case USER_REFUSED:
      return routine === BY_HBA
        ? refusalByHba(message, encryption)
        : { reason: 'user-refused', message: `${message}: check the user and the database` };
    case PERMISSION_MISSING:
      return {
        reason: 'permission-missing',
        message: `${message}: grant ${
          routine === BY_CONNECT
            ? 'CONNECT on the database'
            : 'USAGE on the schema, and SELECT, INSERT, UPDATE and DELETE on its tables'
        }`,
      };
    default:
      return tlsRefusal(error);
  }
}

function refusalByHba(message: string, encryption: Encryption): Refusal {
  const check = 'check the user and the database';
  switch (encryption) {
    case 'none':
      return { reason: 'tls-missing', message: `${message}: set tls, or ${check}` };
    case 'server':
      return { reason: 'user-refused', message: `${message}: ${check}, or set cert and key` };
    case 'both':
      return { reason: 'user-refused', message: `${message}: ${check}` };
  }
}
