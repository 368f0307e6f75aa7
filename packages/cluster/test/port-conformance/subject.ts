// What the tests of a port run on.
import { randomUUID } from 'node:crypto';
import type { ClusterPort } from '../../src/port.js';

/** The part of a test framework that the suite needs; vitest, mocha and node:test have it. */
export interface TestFramework {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** A backend for one test. It may hold other stores. */
export interface BackendUnderTest {
  /** Opens a port of a store by a connection of its own, as another process would. */
  open(store: string): Promise<ClusterPort>;
  /** Closes every port that was opened. */
  destroy(): Promise<void>;
}

export type MakeBackend = () => Promise<BackendUnderTest>;

export interface Subject {
  /** A port of a store that no other test has. */
  readonly port: ClusterPort;
  /** Opens another port of the same store, or of the one that is named. */
  another(store?: string): Promise<ClusterPort>;
}

export type DeclareTest = (name: string, body: (subject: Subject) => Promise<void>) => void;

export function testsOn({ it }: TestFramework, makeBackend: MakeBackend): DeclareTest {
  return (name, body) => {
    it(name, async () => {
      const backend = await makeBackend();
      try {
        const store = newStoreName();
        const port = await backend.open(store);
        await body({ port, another: (other = store) => backend.open(other) });
      } finally {
        await backend.destroy();
      }
    });
  };
}

export function newStoreName(): string {
  return `conformance/${randomUUID()}`;
}

export function newId(): string {
  return randomUUID();
}

/** Bytes that differ by `seed`. */
export function bytesOf(seed: number, length = 16): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (seed * 31 + at * 7 + (at >> 8)) & 0xff;
  return bytes;
}

/** A plain copy: a port may return a Buffer, which deepEqual holds for another thing than a Uint8Array. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Fills the slots `from` to `to`; slot n holds `bytesOf(n)`. */
export async function fill(port: ClusterPort, from: number, to: number): Promise<void> {
  for (let slot = from; slot <= to; slot++) {
    const { outcome } = await port.appendSlot(slot, bytesOf(slot));
    if (outcome !== 'applied') throw new Error(`slot ${slot}: ${outcome}`);
  }
}
