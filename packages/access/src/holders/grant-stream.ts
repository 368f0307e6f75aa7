// The grants of one entitlement by principal, read a page at a time through the index grant_by_entitlement. Nothing
// is held open between two pages, so that thousands of streams can be read side by side.
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

/** What streams of one reading share. */
export interface StreamOptions {
  readonly engine: ReadableEngine;
  readonly syncId: SyncIdBytes;
  readonly snapshot: EngineSnapshot;
  /** Only grants to principals after this one. */
  readonly after?: ResourceName | undefined;
  /** Grants a page at most. */
  readonly pageGrants: number;
}

interface StreamedGrant {
  /** Compares as the bytes of the principal's name in a key do. */
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

  /** The next grant; undefined at the end of what is loaded. */
  get current(): StreamedGrant | undefined {
    return this.#page[this.#at];
  }

  /** Goes past the current grant. Returns whether that was the last one loaded: then {@link load} is due. */
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

/** The two elements of the principal, as text of one character a byte. */
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
