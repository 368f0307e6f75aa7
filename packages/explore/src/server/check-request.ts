// Admits or refuses a request before anything else looks at it.
import type { IncomingMessage } from 'node:http';
import { type AccessToken, tokenOfCookies } from './access-token.js';

/** The answer to a refused request. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An admitted request. */
export interface Admission {
  readonly url: URL;
  /** Whether the address held the token, so that the response sets the cookie. */
  readonly setsCookie: boolean;
}

const UNAUTHORIZED = 'open the address that sstitch explore printed';

/**
 * Checks a request. It is refused without the token (401); under a host name other than this machine's own (403),
 * which an attacker's DNS server may resolve to 127.0.0.1 (https://en.wikipedia.org/wiki/DNS_rebinding); from another
 * site's page (403); and with a method other than GET and HEAD (405).
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
    return { status: 403, message: `the page is served as ${hosts[0]} only` };
  }
  const site = headers['sec-fetch-site'];
  const isFromOutside = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (isFromOutside && headers['sec-fetch-mode'] !== 'navigate') {
    return { status: 403, message: 'requests from other sites are refused' };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, message: 'the page is read-only', headers: { allow: 'GET, HEAD' } };
  }
  return { url, setsCookie };
}

function parseTarget(target: string, port: number): URL | undefined {
  if (!target.startsWith('/')) return undefined;
  try {
    // Not resolved against a base: `//name` would name another host.
    return new URL(`http://127.0.0.1:${port}${target}`);
  } catch {
    return undefined;
  }
}
