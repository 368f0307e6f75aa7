// Advice on what to do about an error whose message does not include it.

/** Advice by error code; it is appended to the message after a semicolon. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['LEVEL_LOCKED', 'end that process, or wait for it with --wait SECONDS'],
  ['SSTITCH_STORE_NOT_FOUND', 'check the path; import, adopt and generate create stores'],
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
  ['SSTITCH_COMMIT_UNKNOWN', 'look at the store before you run the command again'],
  ['SSTITCH_SYNC_NOT_FOUND', '`sstitch syncs STORE` lists the syncs of a store'],
  ['SSTITCH_SYNC_EXISTS', 'choose another id, or use --replace if the command has it'],
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
  ['SSTITCH_IMPORT_INVALID', 'nothing was imported'],
  ['SSTITCH_LINES_INVALID', 'nothing was imported'],
  ['SSTITCH_STORE_CORRUPT', '`sstitch verify STORE` lists all damage'],
  ['SSTITCH_OUTPUT_FAILED', 'the command itself may have succeeded'],
]);

const SET_PASSWORD =
  'set SSTITCH_CLUSTER_PASSWORD, or SSTITCH_CLUSTER_PASSWORD_FILE to the file that holds it';
/** Advice for errors of a cluster by code and message: the first that matches comes before that by code. */
const CLUSTER_ADVICE: ReadonlyArray<readonly [code: string, message: RegExp, advice: string]> = [
  [
    'SSTITCH_CLUSTER_NOT_FOUND',
    /^PostgreSQL: database /,
    'check the address, or create the database: no command of sstitch does',
  ],
  [
    'SSTITCH_CLUSTER_REFUSED',
    /set a user and a password/,
    'set SSTITCH_CLUSTER_USER, and SSTITCH_CLUSTER_PASSWORD or SSTITCH_CLUSTER_PASSWORD_FILE',
  ],
  ['SSTITCH_CLUSTER_REFUSED', /asks for a password/, SET_PASSWORD],
  [
    'SSTITCH_CLUSTER_REFUSED',
    /the user and the password/,
    `${SET_PASSWORD}; the address or SSTITCH_CLUSTER_USER names the user`,
  ],
  [
    'SSTITCH_CLUSTER_REFUSED',
    /: set tls|set ca|set cert|out tls|ca, cert or key/,
    'tls, ca, cert and key are parameters of the address, such as ?tls=require&ca=ca.pem',
  ],
  [
    'SSTITCH_CLUSTER_REFUSED',
    /the user and the database/,
    'the address or SSTITCH_CLUSTER_USER names the user',
  ],
];
/** What messages tell a program to do; a command opens the store itself. */
const FOR_PROGRAMS = /; reopen the store( and repeat it)?$/;

/** Appends the advice for `code` to `message`. */
export function withAdvice(code: string, message: string): string {
  const [, , specific] =
    CLUSTER_ADVICE.find(([known, pattern]) => known === code && pattern.test(message)) ?? [];
  const advice = specific ?? ADVICE.get(code);
  // A message that names a command needs no advice.
  return advice === undefined || message.includes('sstitch ')
    ? message
    : `${message.replace(FOR_PROGRAMS, '')}; ${advice}`;
}
