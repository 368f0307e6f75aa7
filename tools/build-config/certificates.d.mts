/** Paths of PEM files. */
export interface Certificate {
  /** Also the certificate of the authority that signed it: itself. */
  readonly certificate: string;
  readonly key: string;
}

/** Why no certificate can be made; undefined if one can. */
export const missingOpenssl: string | undefined;

/** Makes a self-signed certificate of an address, valid for a week, as files `name.pem` and `name-key.pem`. */
export function makeCertificate(
  directory: string,
  name: string,
  options?: {
    /** @defaultValue '127.0.0.1' */
    readonly address?: string;
  },
): Promise<Certificate>;
