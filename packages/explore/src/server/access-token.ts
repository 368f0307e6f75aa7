// Who may ask: whoever knows the token. A browser brings it once, in the address, and from then on in a cookie.
//
// Cookies of 127.0.0.1 go to every port: the cookie's name has the port, so that two explorers do not take each
// other's. What starts a browser has its arguments seen by every user of the machine: it gets a ticket, which is
// good for one visit.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;

/** A secret of one explorer. */
export class AccessToken {
  readonly value = newSecret();
  readonly #tickets = new Set<string>();

  /** A secret that stands for the token once. */
  issueTicket(): string {
    const ticket = newSecret();
    this.#tickets.add(ticket);
    return ticket;
  }

  /** Whether this is the token. Takes the same time whatever it is. */
  matches(given: string | undefined): boolean {
    return given !== undefined && areEqual(given, this.value);
  }

  /** Whether this is a ticket that was not used; uses it up. */
  takesTicket(given: string): boolean {
    for (const ticket of this.#tickets) {
      if (areEqual(given, ticket)) return this.#tickets.delete(ticket);
    }
    return false;
  }
}

/** The cookie of an explorer on this port. */
export function cookieName(port: number): string {
  return `sstitch-explore-${port}`;
}

/** The header that makes a browser keep the token until it is closed, out of reach of scripts and other sites. */
export function cookieHeader(port: number, token: string): string {
  return `${cookieName(port)}=${token}; HttpOnly; SameSite=Strict; Path=/`;
}

/** The token in a Cookie header. */
export function tokenOfCookies(header: string | undefined, port: number): string | undefined {
  const name = cookieName(port);
  for (const pair of header?.split(';') ?? []) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

function newSecret(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** Digests are of one length, which timingSafeEqual asks for. */
function areEqual(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
