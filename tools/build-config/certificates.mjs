// Certificates for tests of TLS, made by openssl: they would expire if they were kept.
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const missingOpenssl =
  spawnSync('openssl', ['version']).status === 0
    ? undefined
    : 'no openssl: install it (Debian: openssl)';

export async function makeCertificate(directory, name, { address = '127.0.0.1' } = {}) {
  const certificate = join(directory, `${name}.pem`);
  const key = join(directory, `${name}-key.pem`);
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=IP:${address}`, '-days', '7'],
    ...['-keyout', key, '-out', certificate],
  ]);
  return { certificate, key };
}
