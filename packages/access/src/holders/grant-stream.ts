// Reads the grants of one entitlement by principal, a page at a time, through the index grant_by_entitlement. Nothing
// stays open between two pages, so thousands of streams can be read concurrently.
import {
  byteEncodings,
  type EngineSnapshot,
  type ReadableEngine,
  type Span,
} from '@sstitch/contract';
import {
  decodeTuple,
  grantByEntitlementPrefix,
  grantKey,
  prefixSpan,
  type SyncIdBytes,
} from '@sstitch/keys';
import type { ResourceName } from '@sstitch/records';
import { AccessError } from '../errors.js';
import { StoredGrant } from './held-grant.js';

const SEPARATOR = 0;

/** Options that the streams of one query share. */
export interface StreamOptions {
  readonly engine: ReadableEngine;
  readonly syncId: SyncIdBytes;
  readonly snapshot: EngineSnapshot;
  /** Limits the stream to grants to principals after this one. */
  readonly after?: ResourceName | undefined;
  /** The most grants in a page. */
  readonly pageGrants: number;
}

interface StreamedGrant {
  /** A string that sorts as the principal's name in a key does. */
  readonly principalKey: string;
  readonly principal: ResourceName;
  readonly grant: StoredGrant;
}

/** A stream of the grants of an entitlement. */
export class GrantStream {
  readonly entitlementId: string;
  readonly #options: StreamOptions;
  readonly #span: Span;
  readonly #prefixLength: number;
  #page: readonly StreamedGrant[] = [];
  #at = 0;
  #lastKey: Uint8Array | undefined;
  #isAtEnd = false;

  constructor(entitlementId: string, options: StreamOptions) {
    const { syncId, after } = options;
    this.entitlementId = entitlementId;
    this.#options = options;
    const prefix = grantByEntitlementPrefix(syncId, entitlementId);
    this.#prefixLength = prefix.length;
    const { start, end } = prefixSpan(prefix);
    const first =
      after &&
      prefixSpan(
        grantByEntitlementPrefix(syncId, entitlementId, after.resourceTypeId, after.resourceId),
      ).end;
    this.#span = { start: first ?? start, end };
  }

  /** The current grant, or undefined at the end of the loaded page. */
  get current(): StreamedGrant | undefined {
    return this.#page[this.#at];
  }

  /** Moves to the next grant. Returns whether the page is exhausted, so that {@link load} must be called. */
  advance(): boolean {
    this.#at += 1;
    return this.#at >= this.#page.length;
  }

  /** Reads the next page. */
  async load(): Promise<void> {
    this.#page = [];
    this.#at = 0;
    if (this.#isAtEnd) return;
    const { engine, syncId, snapshot, pageGrants } = this.#options;
    const keys = await this.#readKeys();
    this.#lastKey = keys.at(-1);
    this.#isAtEnd = keys.length < pageGrants;
    const names = keys.map((key) => decodeTuple(key, this.#prefixLength - 1));
    const grantKeys = names.map(([, , id = '']) => grantKey(syncId, id));
    const values = await engine.getMany(grantKeys, { ...byteEncodings, snapshot });
    this.#page = names.map(([resourceTypeId = '', resourceId = '', id = ''], at) => {
      const [key, value] = [keys[at] as Uint8Array, values[at]];
      if (value === undefined) throw stray(this.entitlementId, id);
      return {
        principalKey: principalKeyIn(key, this.#prefixLength),
        principal: { resourceTypeId, resourceId },
        grant: new StoredGrant(id, grantKeys[at] as Uint8Array, value),
      };
    });
  }

  async #readKeys(): Promise<Uint8Array[]> {
    const { engine, snapshot, pageGrants } = this.#options;
    const { start, end } = this.#span;
    const iterator = engine.iterator({
      ...byteEncodings,
      ...(this.#lastKey === undefined ? { gte: start } : { gt: this.#lastKey }),
      ...(end && { lt: end }),
      limit: pageGrants,
      values: false,
      snapshot,
    });
    try {
      const keys: Uint8Array[] = [];
      while (keys.length < pageGrants) {
        const entries = await iterator.nextv(pageGrants - keys.length);
        if (entries.length === 0) break;
        for (const [key] of entries) keys.push(key);
      }
      return keys;
    } finally {
      await iterator.close();
    }
  }
}

/** Returns the two elements of the principal as text with one character per byte. */
function principalKeyIn(key: Uint8Array, start: number): string {
  const end = key.indexOf(SEPARATOR, key.indexOf(SEPARATOR, start) + 1);
  return Buffer.from(key.buffer, key.byteOffset + start, end - start).toString('latin1');
}

function stray(entitlementId: string, grantId: string): AccessError {
  return new AccessError(
    'SSTITCH_INDEX_INEXACT',
    `an index lists grant ${JSON.stringify(grantId)} of ${JSON.stringify(entitlementId)}, ` +
      'which is not there: verify the store',
    { grantId, entitlementId },
  );
}
