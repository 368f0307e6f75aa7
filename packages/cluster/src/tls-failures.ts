// What Node's errors of TLS mean, and what to do about them: the same for every driver. Codes without a prefix are those
// of OpenSSL's X509_V_ERR_*.

const UNTRUSTED = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'INVALID_CA'],
  ...['CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'CERT_REJECTED', 'CERT_REVOKED'],
]);
const OUT_OF_DATE = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const OF_ANOTHER_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';
/** What arrives is not a TLS record. */
const NOT_TLS = /wrong version number|packet length too long|unknown protocol/;
const NO_CLIENT_CERTIFICATE = /certificate required/;
/** Node cannot read `ca`, `cert` or `key`. */
const UNREADABLE = /^ERR_OSSL_/;

/** Why no encrypted connection was made, and what to do; undefined for an error of another kind. */
export function tlsProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (UNTRUSTED.has(code)) {
    return `its certificate is not trusted (${message}): set ca to that of its authority`;
  }
  if (OUT_OF_DATE.has(code)) return `its certificate is out of date (${message}): renew it`;
  if (code === OF_ANOTHER_HOST) {
    return `its certificate is for another host (${message}): connect to a host that it names`;
  }
  if (NOT_TLS.test(message))
    return 'it does not speak TLS there: leave out tls, or set the port for TLS';
  if (NO_CLIENT_CERTIFICATE.test(message)) {
    return 'it asks for a client certificate: set cert and key';
  }
  if (UNREADABLE.test(code)) return `ca, cert or key is not in PEM form (${message})`;
  return undefined;
}
