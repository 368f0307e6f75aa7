// The one door of the server: every request passes it, whatever its path.
import type { IncomingMessage } from 'node:http';
import { type AccessToken, tokenOfCookies } from './access-token.js';

/** What a refused request is answered with. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that may be answered. */
export interface Admission {
  readonly url: URL;
  /** It came with the token in the address: the browser is to keep it. */
  readonly setsCookie: boolean;
}

const UNAUTHORIZED = 'open the address that sstitch explore printed';

/**
 * Lets a request in or refuses it: without the token 401, under another name than this machine's own 403 (a name that
 * an attacker's DNS leads here, https://en.wikipedia.org/wiki/DNS_rebinding), from another site's page 403, to change
 * something 405.
 */
export function checkRequest(
  { method, url: target = '/', headers }: IncomingMessage,
  token: AccessToken,
  port: number,
): Admission | Refusal {
  const url = parseTarget(target, port);
  if (url === undefined) return { status: 400, message: 'the address is malformed' };
  const inAddress = url.searchParams.get('token');
  const ticket = url.searchParams.get('ticket');
  const setsCookie =
    (inAddress !== null && token.matches(inAddress)) ||
    (ticket !== null && method === 'GET' && token.takesTicket(ticket));
  const isKnown =
    setsCookie ||
    token.matches(tokenOfCookies(headers.cookie, port)) ||
    token.matches(/^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1]);
  if (!isKnown) {
    return { status: 401, message: UNAUTHORIZED, headers: { 'www-authenticate': 'Bearer' } };
  }
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host?.toLowerCase() ?? '')) {
    return { status: 403, message: `the page is served at ${hosts[0]} alone` };
  }
  const site = headers['sec-fetch-site'];
  const isFromOutside = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isFromOutside && headers['sec-fetch-mode'] !== 'navigate') {
    return { status: 403, message: 'other sites may not ask' };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, message: 'nothing can be changed here', headers: { allow: 'GET, HEAD' } };
  }
  return { url, setsCookie };
}

function parseTarget(target: string, port: number): URL | undefined {
  if (!target.startsWith('/')) return undefined;
  try {
    // Concatenated: resolved against a base, `//name` would be another host.
    return new URL(`http://127.0.0.1:${port}${target}`);
  } catch {
    return undefined;
  }
}
