// Which principal holds which entitlements of the graph, as numbers, in eight bytes per grant.
//
// Layout: `#ofPrincipal` and `#entries` grow by one element per grant, until `sorted` groups them: the entries of
// principal p are then those from #starts[p] to #starts[p + 1], ascending. An entry is an entitlement times two, plus
// one if the principal has it by a grant of its own.
import type { PrincipalRef } from '@sstitch/records';
import type { HadEntitlements } from '../derive/derive-access.js';

const FIRST_CAPACITY = 1024;

/** A list of numbers below 2^32 that grows. */
export class NumberList {
  #numbers = new Uint32Array(FIRST_CAPACITY);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(number: number): void {
    if (this.#length === this.#numbers.length) {
      const grown = new Uint32Array(this.#length * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.#length++] = number;
  }

  /** The numbers, as a view. */
  get view(): Uint32Array {
    return this.#numbers.subarray(0, this.#length);
  }
}

/** The entitlements of one principal, as a view of a list of entries. */
export class EntryView implements HadEntitlements {
  readonly #entries: Uint32Array;

  /** @param entries ascending */
  constructor(entries: Uint32Array) {
    this.#entries = entries;
  }

  get size(): number {
    return this.#entries.length;
  }

  has(entitlement: number): boolean {
    return this.get(entitlement) !== undefined;
  }

  get(entitlement: number): boolean | undefined {
    const entries = this.#entries;
    let [low, high] = [0, entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle] as number) >>> 1 < entitlement) low = middle + 1;
      else high = middle;
    }
    const entry = entries[low];
    return entry === undefined || entry >>> 1 !== entitlement ? undefined : (entry & 1) === 1;
  }

  *[Symbol.iterator](): Generator<readonly [number, boolean], void, undefined> {
    for (const entry of this.#entries) yield [entry >>> 1, (entry & 1) === 1];
  }
}

/** Entries grouped by principal. */
export class EntriesByPrincipal {
  readonly #starts: Uint32Array;
  readonly #entries: Uint32Array;

  /** @param starts one element more than there are principals */
  constructor(starts: Uint32Array, entries: Uint32Array) {
    this.#starts = starts;
    this.#entries = entries;
  }

  of(principal: number): EntryView {
    const [start, end] = [this.#starts[principal], this.#starts[principal + 1]];
    return new EntryView(this.#entries.subarray(start, end));
  }
}

/** Collects the grants of principals. */
export class HoldingsCollector {
  readonly #numbers = new Map<string, number>();
  readonly #principals: PrincipalRef[] = [];
  readonly #ofPrincipal = new NumberList();
  readonly #entries = new NumberList();

  /** The principals by number, each as one of its grants names it, with its parent if any grant names that. */
  get principals(): readonly PrincipalRef[] {
    return this.#principals;
  }

  /** Returns the number of a principal, or undefined if it has no grants here. */
  numberOf(principal: PrincipalRef): number | undefined {
    return this.#numbers.get(nameOf(principal));
  }

  add(principal: PrincipalRef, entitlement: number, isDirect: boolean): void {
    const name = nameOf(principal);
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#principals.length;
      this.#numbers.set(name, number);
      this.#principals.push(principal);
    } else if (
      principal.parentResourceId !== '' &&
      this.#principals[number]?.parentResourceId === ''
    ) {
      this.#principals[number] = principal;
    }
    this.#ofPrincipal.push(number);
    this.#entries.push(entitlement * 2 + (isDirect ? 1 : 0));
  }

  /** Groups the grants by principal. Several grants of an entitlement become one, direct if any of them is. */
  sorted(): EntriesByPrincipal {
    const principals = this.#ofPrincipal.view;
    const starts = new Uint32Array(this.#principals.length + 1);
    for (const principal of principals) starts[principal + 1] = (starts[principal + 1] ?? 0) + 1;
    for (let at = 1; at < starts.length; at++)
      starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0);
    const places = starts.slice();
    const grouped = new Uint32Array(principals.length);
    for (const [at, entry] of this.#entries.view.entries()) {
      const principal = principals[at] as number;
      const place = places[principal] as number;
      grouped[place] = entry;
      places[principal] = place + 1;
    }
    const entries = new NumberList();
    const uniqueStarts = new NumberList();
    for (let principal = 0; principal < this.#principals.length; principal++) {
      uniqueStarts.push(entries.length);
      const own = grouped.subarray(starts[principal], starts[principal + 1]).sort();
      // The direct one of two entries of an entitlement sorts second.
      for (const [at, entry] of own.entries()) {
        if ((own[at + 1] ?? -1) >>> 1 !== entry >>> 1) entries.push(entry);
      }
    }
    uniqueStarts.push(entries.length);
    return new EntriesByPrincipal(uniqueStarts.view, entries.view);
  }
}

function nameOf({ resourceTypeId, resourceId }: PrincipalRef): string {
  return `${resourceTypeId.length}:${resourceTypeId}${resourceId}`;
}
