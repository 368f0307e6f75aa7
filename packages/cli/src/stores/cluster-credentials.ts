// Who connects to a cluster, by the environment:
//
//   SSTITCH_CLUSTER_USER            the user, if the address names none
//   SSTITCH_CLUSTER_PASSWORD        the password
//   SSTITCH_CLUSTER_PASSWORD_FILE   a file whose first line is the password
//
// A variable that is empty counts as unset. Without a password, PostgreSQL's own settings apply: PGPASSWORD and ~/.pgpass.
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import type { TlsParameters } from '../command-line/store-name.js';
import { CliError, usageError } from '../errors.js';

export interface Credentials {
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** @throws CliError SSTITCH_USAGE, SSTITCH_INPUT_NOT_FOUND, SSTITCH_INPUT_UNFIT, SSTITCH_FILE_OPERATION */
export async function clusterCredentials(
  user: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Credentials> {
  const givenUser = environment['SSTITCH_CLUSTER_USER'] || undefined;
  const given = environment['SSTITCH_CLUSTER_PASSWORD'] || undefined;
  const file = environment['SSTITCH_CLUSTER_PASSWORD_FILE'] || undefined;
  if (given !== undefined && file !== undefined) {
    throw usageError('set SSTITCH_CLUSTER_PASSWORD or SSTITCH_CLUSTER_PASSWORD_FILE, not both');
  }
  const password = file === undefined ? given : await firstLineOf(file);
  return { user: user ?? givenUser, password };
}

async function firstLineOf(file: string): Promise<string> {
  const what = 'SSTITCH_CLUSTER_PASSWORD_FILE';
  const [line = ''] = (await readNamed(what, file)).split(/\r?\n/, 1);
  if (line !== '') return line;
  throw new CliError(
    'SSTITCH_INPUT_UNFIT',
    `${what}: the file is empty, or its first line: ${file}`,
  );
}

/** The options of `tls.connect`; undefined without TLS. @throws as {@link clusterCredentials} */
export async function tlsOptions(
  tls: TlsParameters | undefined,
): Promise<ConnectionOptions | undefined> {
  if (tls === undefined || tls.mode === 'off') return undefined;
  const [ca, cert, key] = await Promise.all(
    (['ca', 'cert', 'key'] as const).map((name) => {
      const path = tls[name];
      return path === undefined ? undefined : readNamed(`${name} in the address`, path);
    }),
  );
  return {
    rejectUnauthorized: tls.mode === 'require',
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

async function readNamed(what: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw code === 'ENOENT'
      ? new CliError('SSTITCH_INPUT_NOT_FOUND', `${what}: the file does not exist: ${path}`, {
          cause,
        })
      : new CliError('SSTITCH_FILE_OPERATION', `${what}: cannot read ${path}: ${message}`, {
          cause,
        });
  }
}
