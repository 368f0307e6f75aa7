// The shape of a synthetic sync as numbers: how many records of each kind, the principal of each grant, and the
// changes of each revision. Everything is a function of seed, sync index, revision and number of grants, so
// records can be created in any order.
//
// Invariants:
// - entitlements and principals are numbered in the order of their ids, so that number order is key order;
// - grants fill slots; a slot belongs to one entitlement for ever; what fills it is its incarnation.
//   The slots of an entitlement never have a principal in common: slot i of it has principals
//   base + 2i and base + 2i + 1 (modulo all principals, which are at least twice its slots), by turns.
import { checkWholeNumber } from '../errors.js';
import { type SeededHash, seededHash } from './seeded-hash.js';

/** Options that identify a synthetic sync. */
export interface SyntheticSyncOptions {
  /** The seed of all pseudo-random numbers. @defaultValue 1 */
  readonly seed?: number;
  /** The number of the sync among those of the seed. @defaultValue 0 */
  readonly syncIndex?: number;
  /** The version of the sync. @defaultValue 1 */
  readonly revision?: number;
  /** The number of grants, from which all other counts follow. */
  readonly grants: number;
}

export const MAX_SEED = Number.MAX_SAFE_INTEGER;
export const MAX_SYNC_INDEX = 1_000_000;
const MAX_REVISION = 100_000;
/** Ids hold seven digits. */
export const MAX_GRANTS = 20_000_000;

/** The number of phases. A revision replaces the grants of one phase and changes those of two. */
const PHASES = 20;
const CHANGE_PHASES = [5, 15] as const;
/** In how many of the phases a resource, entitlement or asset that is not permanent exists. */
const PRESENT_PHASES = 4;

/** Streams of the seeded hash, one for each purpose. */
export const Stream = {
  syncId: 1,
  weight: 2,
  phase: 3,
  base: 4,
  grant: 5,
  resource: 6,
  comesAndGoes: 7,
  asset: 8,
  parent: 9,
} as const;

/** A grant as numbers. */
export interface GrantNumbers {
  readonly slot: number;
  readonly entitlement: number;
  readonly principal: number;
  /** The revision that created or last changed it. */
  readonly changedAt: number;
}

/** The state of a slot or a record at a revision. */
export interface RevisionState {
  readonly incarnation: number;
  /** The revision that created or last changed it; 0 if that was before the first. */
  readonly changedAt: number;
}

export class SyncShape {
  readonly seed: number;
  readonly syncIndex: number;
  readonly revision: number;
  readonly grants: number;
  readonly groups: number;
  readonly projects: number;
  readonly roles: number;
  readonly users: number;
  readonly assets: number;
  readonly hash: SeededHash;
  /** The first slot of each entitlement, and the end of the last. */
  readonly #starts: Float64Array;

  /** @throws TestkitError SSTITCH_OPTION_INVALID */
  constructor(options: SyntheticSyncOptions) {
    const { seed = 1, syncIndex = 0, revision = 1, grants } = options;
    checkWholeNumber('seed', seed, 0, MAX_SEED);
    checkWholeNumber('syncIndex', syncIndex, 0, MAX_SYNC_INDEX);
    checkWholeNumber('revision', revision, 0, MAX_REVISION);
    checkWholeNumber('grants', grants, 1, MAX_GRANTS);
    this.seed = seed;
    this.syncIndex = syncIndex;
    this.revision = revision;
    this.grants = grants;
    this.hash = seededHash(seed, syncIndex);
    this.groups = Math.max(3, Math.ceil(grants / 24));
    this.projects = Math.max(4, Math.ceil(grants / 60));
    this.roles = Math.max(4, Math.ceil(grants / 60));
    this.assets = Math.min(100, 4 + Math.floor(grants / 2000));
    this.#starts = this.#placeSlots();
    let most = 0;
    for (let e = 0; e < this.entitlements; e++) most = Math.max(most, this.slotsOf(e));
    this.users = Math.max(8, Math.ceil(grants / 4), 2 * most);
  }

  /** The number of entitlements with grants: two for each group, two for each project, one for each role. */
  get entitlements(): number {
    return 2 * this.groups + 2 * this.projects + this.roles;
  }

  /** The number of principals: groups come first, then users. */
  get principals(): number {
    return this.groups + this.users;
  }

  /** The number of the entitlement group:group-everyone:member; the last group is `everyone`. */
  get everyone(): number {
    return 2 * this.groups - 1;
  }

  slotsOf(entitlement: number): number {
    return this.#start(entitlement + 1) - this.#start(entitlement);
  }

  /** The grant in a slot at this revision. */
  grantAt(slot: number): GrantNumbers {
    return this.#grant(slot, this.#entitlementOf(slot));
  }

  /** The grants of an entitlement in the order of their principals. */
  grantsOf(entitlement: number): GrantNumbers[] {
    const grants: GrantNumbers[] = [];
    for (let slot = this.#start(entitlement); slot < this.#start(entitlement + 1); slot++) {
      grants.push(this.#grant(slot, entitlement));
    }
    return grants.sort((a, b) => a.principal - b.principal);
  }

  /** The state of a slot or record of this phase at this revision. */
  stateAt(phase: number): RevisionState {
    const time = this.revision + phase;
    const incarnation = Math.floor(time / PHASES);
    let last = 0;
    for (const change of CHANGE_PHASES) if (time % PHASES >= change) last = change;
    return { incarnation, changedAt: Math.max(0, incarnation * PHASES + last - phase) };
  }

  /** The state of a record that is not a grant. */
  recordState(stream: number, index: number): RevisionState {
    return this.stateAt(this.hash(stream, index) % PHASES);
  }

  /** Whether a record that is not permanent exists at this revision; about one in five does. */
  isPresent(kind: number, index: number): boolean {
    const phase = this.hash(Stream.comesAndGoes + kind * 16, index) % PHASES;
    return (this.revision + phase) % PHASES < PRESENT_PHASES;
  }

  #start(entitlement: number): number {
    return this.#starts[entitlement] ?? 0;
  }

  #grant(slot: number, entitlement: number): GrantNumbers {
    const { incarnation, changedAt } = this.stateAt(this.hash(Stream.phase, slot) % PHASES);
    const base = this.hash(Stream.base, entitlement) % this.principals;
    const place = 2 * (slot - this.#start(entitlement)) + (incarnation & 1);
    return { slot, entitlement, principal: (base + place) % this.principals, changedAt };
  }

  #entitlementOf(slot: number): number {
    let low = 0;
    let high = this.entitlements;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#start(middle) <= slot) low = middle;
      else high = middle;
    }
    return low;
  }

  /**
   * Distributes the slots: `everyone` has an eighth of all grants; a few other entitlements have many, most
   * have few.
   */
  #placeSlots(): Float64Array {
    const count = this.entitlements;
    const forEveryone = Math.floor(this.grants / 8);
    const rest = this.grants - forEveryone;
    const weights = new Float64Array(count);
    let total = 0;
    for (let e = 0; e < count; e++) {
      if (e === this.everyone) continue;
      const hash = this.hash(Stream.weight, e);
      const weight = 1 + (hash % 8) + (hash % 97 === 0 ? 60 : 0);
      weights[e] = weight;
      total += weight;
    }
    const starts = new Float64Array(count + 1);
    let sum = 0;
    for (let e = 0; e < count; e++) {
      sum += weights[e] ?? 0;
      const others = Math.floor((sum / total) * rest);
      starts[e + 1] = others + (e >= this.everyone ? forEveryone : 0);
    }
    starts[count] = this.grants;
    return starts;
  }
}
