// Advice on what to do about an error whose message does not include it.
import { tmpdir } from 'node:os';
import type { ClusterErrorReason } from '@sstitch/cluster';

/** Whether the command has an option. */
type HasOption = (name: string) => boolean;

type Advice = string | ((hasOption: HasOption) => string | undefined);

/** The consequence of a fault in a file. A command that only reads the file has none. */
const NOTHING_IMPORTED: Advice = (hasOption) =>
  hasOption('into') ? 'nothing of it was imported' : undefined;

/** Advice by error code. */
const ADVICE: ReadonlyMap<string, Advice> = new Map<string, Advice>([
  [
    'LEVEL_LOCKED',
    (hasOption) =>
      hasOption('wait')
        ? 'end that process, or wait for it with --wait SECONDS'
        : 'end that process',
  ],
  [
    'SSTITCH_STORE_NOT_FOUND',
    'check the path; import, adopt, generate and `sstitch compact --create` create stores',
  ],
  ['SSTITCH_INPUT_NOT_FOUND', 'check the path'],
  [
    'SSTITCH_CLUSTER_NOT_FOUND',
    'check the address; import, generate, `sstitch compact --create` and ' +
      '`sstitch clone STORE --sync ID --into ADDRESS` create stores',
  ],
  ['SSTITCH_CLUSTER_UNAVAILABLE', 'check the address and that the database runs'],
  [
    'SSTITCH_LEASE_LOST',
    'the database did not answer for so long, or this process was suspended: look at the store ' +
      'before you run the command again',
  ],
  ['SSTITCH_LOAD_ABORTED', 'run the command again'],
  ['SSTITCH_COMMIT_CONFLICT', 'run the command again: other processes write to the same syncs'],
  ['SSTITCH_COMMIT_UNKNOWN', 'look at the store before you run the command again'],
  [
    'SSTITCH_TOO_LARGE',
    (hasOption) =>
      hasOption('youngerThan')
        ? 'prune in steps: first with a larger --keep or --younger-than, which removes fewer syncs'
        : undefined,
  ],
  ['SSTITCH_SYNC_NOT_FOUND', '`sstitch syncs STORE` lists the syncs of a store'],
  [
    'SSTITCH_SYNC_EXISTS',
    (hasOption) =>
      hasOption('replace')
        ? 'choose another id, or replace that sync with --replace'
        : 'choose another id',
  ],
  [
    'SSTITCH_VERSION_NOT_FOUND',
    '`sstitch rollback --list` shows the kept versions, `sstitch compact --keep-replaced` keeps one',
  ],
  ['SSTITCH_C1Z_SYNC_NOT_FOUND', 'leave out --sync to import every sync of the file'],
  [
    'SSTITCH_ENTITLEMENT_NOT_FOUND',
    '--resource shows those of a resource, `sstitch scan STORE --bucket entitlement` those of a store',
  ],
  ['SSTITCH_EXPANSION_MISMATCHED', '--skip-mismatches skips them'],
  ['SSTITCH_KEY_NOT_FOUND', '`sstitch scan STORE` lists the entries of a store'],
  ['SSTITCH_C1Z_NOT_REPRESENTABLE', 'format 1 is --format c1z1'],
  ['SSTITCH_LINES_SYNC_NOT_FOUND', 'leave out --sync to import every sync of the file'],
  ['SSTITCH_IMPORT_INVALID', NOTHING_IMPORTED],
  ['SSTITCH_LINES_INVALID', NOTHING_IMPORTED],
  ['SSTITCH_STORE_CORRUPT', '`sstitch verify STORE` lists all damage'],
  ['SSTITCH_OUTPUT_FAILED', 'the command itself may have succeeded'],
]);

const SET_PASSWORD =
  'set SSTITCH_CLUSTER_PASSWORD, or SSTITCH_CLUSTER_PASSWORD_FILE to the file that holds it';
const NAME_USER = 'the address or SSTITCH_CLUSTER_USER names the user';
const SET_TLS =
  'tls, ca, cert and key are parameters of the address, such as ?tls=require&ca=ca.pem';

/** Advice by a cluster's reason, which comes before that by code; undefined where there is no better one. */
const CLUSTER_ADVICE: Readonly<Record<ClusterErrorReason, string | undefined>> = {
  'login-missing':
    'set SSTITCH_CLUSTER_USER, and SSTITCH_CLUSTER_PASSWORD or SSTITCH_CLUSTER_PASSWORD_FILE',
  'password-missing': SET_PASSWORD,
  'login-wrong': `${SET_PASSWORD}; ${NAME_USER}`,
  'user-refused': NAME_USER,
  'permission-missing': undefined,
  'tls-missing': SET_TLS,
  'tls-unsupported': SET_TLS,
  'certificate-untrusted': SET_TLS,
  'certificate-invalid': undefined,
  'client-certificate-missing': SET_TLS,
  'certificate-unreadable': SET_TLS,
  'database-missing': 'check the address, or create the database: no command of sstitch does',
  'tables-missing': undefined,
  'store-missing': undefined,
};

/** Codes of errors whose message is the file system's. */
const FILE_CODES: readonly string[] = ['SSTITCH_FILE_OPERATION', 'SSTITCH_LEVELDB'];
/** Advice by the message of the file system, in Node's words or the system's. */
const FILE_ADVICE: ReadonlyArray<readonly [message: RegExp, advice: string]> = [
  [
    /permission denied|operation not permitted/i,
    'give this user the permission, or choose another path',
  ],
  [/read-only file system/i, 'choose a path that can be written'],
  [/no space left/i, 'free some space on the disk'],
];

/** What is known of an error. */
export interface Failure {
  readonly code: string;
  /** The reason, of an error of a cluster. */
  readonly reason: string | undefined;
  readonly message: string;
  /** The file or directory that the error concerns. */
  readonly path: string | undefined;
}

/** The advice on an error of a command with these options; undefined if there is none. */
export function adviceOn(failure: Failure, hasOption: HasOption): string | undefined {
  const { code, reason } = failure;
  const ofCluster = reason === undefined ? undefined : CLUSTER_ADVICE[reason as ClusterErrorReason];
  const byCode = ADVICE.get(code);
  return (
    ofCluster ??
    (typeof byCode === 'function' ? byCode(hasOption) : byCode) ??
    (FILE_CODES.includes(code) ? adviceOnFile(failure) : undefined)
  );
}

function adviceOnFile({ message, path }: Failure): string | undefined {
  if (path === tmpdir()) return 'set TMPDIR to a directory that this user can write to';
  return FILE_ADVICE.find(([pattern]) => pattern.test(message))?.[1];
}
