// Why a backend refuses a client, and the errors of TLS that mean it: the same for every driver. Codes without a prefix are
// those of OpenSSL's X509_V_ERR_*, codes that begin with ERR_ are Node's.
import type { ClusterErrorReason } from './errors.js';

/** A reason, and the message that says what to do. */
export interface Refusal {
  readonly reason: ClusterErrorReason;
  readonly message: string;
}

const UNTRUSTED = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'INVALID_CA'],
  ...['CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'CERT_REJECTED', 'CERT_REVOKED'],
]);
const OUT_OF_DATE = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const OF_ANOTHER_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';
/** What arrives is not a TLS record. */
const NOT_TLS = new Set([
  ...['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_UNKNOWN_PROTOCOL'],
]);
const NO_CLIENT_CERTIFICATE = 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED';
/** An error of OpenSSL that Node meets as it writes has the code EPROTO; only the message names it, as `:reason:` does. */
const REASON_IN_MESSAGE = /:SSL routines:[^:]*:([^:]+):/;
/** Node cannot read `ca`, `cert` or `key`. */
const UNREADABLE = /^ERR_OSSL_/;

/** Why no encrypted connection was made; undefined for an error of another kind. */
export function tlsRefusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  const code = codeOf(error);
  if (UNTRUSTED.has(code)) {
    return {
      reason: 'certificate-untrusted',
      message: `its certificate is not trusted (${message}): set ca to that of its authority`,
    };
  }
  if (OUT_OF_DATE.has(code)) {
    return {
      reason: 'certificate-invalid',
      message: `its certificate is out of date (${message}): renew it`,
    };
  }
  if (code === OF_ANOTHER_HOST) {
    return {
      reason: 'certificate-invalid',
      message: `its certificate is for another host (${message}): connect to a host that it names`,
    };
  }
  if (NOT_TLS.has(code)) {
    return {
      reason: 'tls-unsupported',
      message: 'it does not speak TLS there: leave out tls, or set the port for TLS',
    };
  }
  if (code === NO_CLIENT_CERTIFICATE) {
    return {
      reason: 'client-certificate-missing',
      message: 'it asks for a client certificate: set cert and key',
    };
  }
  if (UNREADABLE.test(code)) {
    return {
      reason: 'certificate-unreadable',
      message: `ca, cert or key is not in PEM form (${message})`,
    };
  }
  return undefined;
}

function codeOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code !== 'EPROTO') return code;
  const [, reason = ''] = REASON_IN_MESSAGE.exec(error.message) ?? [];
  return `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}
