// The token that admits a request. A browser sends it once in the address and then in a cookie.
//
// Browsers send the cookies of 127.0.0.1 to every port, so the cookie's name holds the port. Every user of a machine
// can see the arguments of its processes, so a browser is started with a ticket, which admits one visit.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;

/** The secrets of one explorer. */
export class AccessToken {
  readonly value = newSecret();
  readonly #tickets = new Set<string>();

  /** Creates a secret that admits one visit in the token's place. */
  issueTicket(): string {
    const ticket = newSecret();
    this.#tickets.add(ticket);
    return ticket;
  }

  /** Reports whether a text is the token, in constant time. */
  matches(given: string | undefined): boolean {
    return given !== undefined && areEqual(given, this.value);
  }

  /** Reports whether a text is an unused ticket, and uses it up. */
  takesTicket(given: string): boolean {
    for (const ticket of this.#tickets) {
      if (areEqual(given, ticket)) return this.#tickets.delete(ticket);
    }
    return false;
  }
}

/** Names the cookie of an explorer on a port. */
function cookieName(port: number): string {
  return `sstitch-explore-${port}`;
}

/** Formats the Set-Cookie header. Scripts cannot read the cookie, and other sites' requests do not carry it. */
export function cookieHeader(port: number, token: string): string {
  return `${cookieName(port)}=${token}; HttpOnly; SameSite=Strict; Path=/`;
}

/** Finds the token in a Cookie header. */
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

/** Compares digests, because timingSafeEqual requires equal lengths. */
function areEqual(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
