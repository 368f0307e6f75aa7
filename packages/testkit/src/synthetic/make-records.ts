// Creates the records of a synthetic sync, each from its number. Values are about as long as a connector's:
// names, a trait with an e-mail address, sources and expansions.
import { create } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { createSyncId, formatSyncId, type SyncIdBytes } from '@sstitch/keys';
import {
  type AssetRecord,
  AssetRecordSchema,
  type EntitlementRecord,
  EntitlementRecordSchema,
  type GrantRecord,
  GrantRecordSchema,
  type ResourceRecord,
  ResourceRecordSchema,
  type ResourceTypeRecord,
  ResourceTypeRecordSchema,
  SyncCounter,
  type SyncRunRecord,
  SyncRunRecordSchema,
  type SyncStatsRecord,
  SyncType,
} from '@sstitch/records';
import {
  digits,
  type EntitlementName,
  entitlementName,
  groupName,
  legacyEntitlementName,
  type Name,
  principalName,
} from './names.js';
import { seededHash } from './seeded-hash.js';
import { type GrantNumbers, Stream, SyncShape, type SyntheticSyncOptions } from './shape.js';

const BASE_TIME_SECONDS = Date.UTC(2025, 11, 17, 16, 31, 25) / 1000;
const SECONDS_PER_SYNC = 3600;
const SECONDS_PER_REVISION = 86_400;
const TYPE_URL = 'type.googleapis.com/c1.connector.v2.';
const UTF8 = new TextEncoder();

export const RESOURCE_TYPES = ['group', 'project', 'role', 'secret', 'user'] as const;

/** The id of a synthetic sync, which depends only on seed and index. */
export function syncIdOf(seed: number, syncIndex: number): SyncIdBytes {
  const hash = seededHash(seed, syncIndex);
  const payload = new Uint8Array(16);
  const view = new DataView(payload.buffer);
  for (let word = 0; word < 4; word++) view.setUint32(word * 4, hash(Stream.syncId, word));
  const seconds = BASE_TIME_SECONDS + (syncIndex % 8760) * SECONDS_PER_SYNC;
  return createSyncId(new Date(seconds * 1000), payload);
}

/** The data from which both a grant's message and its direct encoding are made. */
export interface GrantFacts {
  readonly externalId: string;
  readonly entitlement: { type: string; id: string; entitlementId: string };
  readonly principal: { type: string; id: string };
  readonly discoveredSeconds: number;
  readonly discoveredNanos: number;
  /** The ids of the entitlements that it expands to, if its principal is a group. */
  readonly expansion: readonly string[];
  readonly shallow: boolean;
  readonly needsExpansion: boolean;
  readonly immutable: boolean;
  /** The groups whose membership it derives from. */
  readonly sources: readonly { type: string; id: string; entitlementId: string; direct: boolean }[];
}

export class SyntheticRecords {
  readonly shape: SyncShape;
  readonly syncIdBytes: SyncIdBytes;
  readonly syncId: string;
  readonly #startSeconds: number;

  constructor(options: SyntheticSyncOptions) {
    this.shape = new SyncShape(options);
    this.syncIdBytes = syncIdOf(this.shape.seed, this.shape.syncIndex);
    this.syncId = formatSyncId(this.syncIdBytes);
    this.#startSeconds = BASE_TIME_SECONDS + (this.shape.syncIndex % 8760) * SECONDS_PER_SYNC;
  }

  /** A resource type; type `secret` exists only in odd revisions. */
  resourceType(index: number): ResourceTypeRecord | undefined {
    const externalId = RESOURCE_TYPES[index];
    if (externalId === undefined) return undefined;
    if (externalId === 'secret' && this.shape.revision % 2 === 0) return undefined;
    const upper = externalId.toUpperCase();
    return create(ResourceTypeRecordSchema, {
      syncId: this.syncId,
      externalId,
      displayName: capital(externalId),
      traits: externalId === 'project' ? [] : [upper],
      discoveredAt: this.#time(0, index),
    });
  }

  group(index: number): ResourceRecord {
    const { id } = groupName(this.shape, index);
    return this.#resource('group', id, index, 0, undefined, 'GroupTrait');
  }

  /** A project. Two of three have a parent project, which may differ between revisions. */
  project(index: number): ResourceRecord {
    const { incarnation } = this.shape.recordState(Stream.parent, index);
    const parent = index - (index % 3);
    const named = (index + incarnation) % 3 === 0 ? undefined : `project-${digits(parent)}`;
    return this.#resource(
      'project',
      `project-${digits(index)}`,
      index,
      1,
      parentOf('project', named),
    );
  }

  /** A project that exists only in some revisions. */
  archivedProject(index: number): ResourceRecord | undefined {
    if (!this.shape.isPresent(1, index)) return undefined;
    const parent = parentOf('project', `project-${digits(index)}`);
    return this.#resource('project', `project-archived-${digits(index)}`, index, 2, parent);
  }

  role(index: number): ResourceRecord {
    return this.#resource('role', `role-${digits(index)}`, index, 3, undefined, 'RoleTrait');
  }

  /** A user. One in ten has a group as parent. */
  user(index: number): ResourceRecord {
    const hash = this.shape.hash(Stream.parent, index);
    const group = hash % 10 === 0 ? groupName(this.shape, hash % this.shape.groups).id : undefined;
    return this.#resource(
      'user',
      `user-${digits(index)}`,
      index,
      4,
      parentOf('group', group),
      'UserTrait',
    );
  }

  /** An entitlement or, for higher numbers, a legacy entitlement, which may be absent. */
  entitlement(index: number): EntitlementRecord {
    return this.#entitlement(entitlementName(this.shape, index), index);
  }

  /** An entitlement that exists only in some revisions. */
  legacyEntitlement(role: number): EntitlementRecord | undefined {
    if (!this.shape.isPresent(2, role)) return undefined;
    return this.#entitlement(legacyEntitlementName(role), this.shape.entitlements + role);
  }

  /** An asset. Asset 0 always exists; the others exist only in some revisions. */
  asset(index: number): AssetRecord | undefined {
    if (index > 0 && !this.shape.isPresent(3, index)) return undefined;
    const { changedAt } = this.shape.recordState(Stream.asset, index);
    const data = new Uint8Array(1024 + (this.shape.hash(Stream.asset, index) % 3072));
    const view = new DataView(data.buffer);
    for (let at = 0; at + 4 <= data.length; at += 4) {
      view.setUint32(at, this.shape.hash(Stream.asset + 16 * (index + 1), at + changedAt * 8192));
    }
    return create(AssetRecordSchema, {
      syncId: this.syncId,
      externalId: `icon-${digits(index)}`,
      contentType: 'image/png',
      data,
      discoveredAt: this.#time(changedAt, index),
    });
  }

  /** Whether a grant expands: those of projects and roles to groups expand to the members of the groups. */
  expands({ entitlement, principal }: GrantNumbers): boolean {
    return principal < this.shape.groups && entitlement >= 2 * this.shape.groups;
  }

  needsExpansion(numbers: GrantNumbers): boolean {
    if (!this.expands(numbers)) return false;
    return (this.shape.hash(Stream.grant, numbers.slot) + numbers.changedAt) % 4 !== 0;
  }

  /** @param on - the name of its entitlement, if the caller already has it. */
  grantFacts(
    numbers: GrantNumbers,
    on: EntitlementName = entitlementName(this.shape, numbers.entitlement),
  ): GrantFacts {
    const { shape } = this;
    const { slot, principal, changedAt } = numbers;
    const to = principalName(shape, principal);
    const hash = shape.hash(Stream.grant, slot);
    const expands = this.expands(numbers);
    const isSourced = principal >= shape.groups && hash % 8 === 0;
    const sources: GrantFacts['sources'][number][] = [];
    for (let count = 0; isSourced && count < 1 + ((hash >>> 8) & 1); count++) {
      const group = ((hash >>> 4) + count) % shape.groups;
      const source = entitlementName(shape, 2 * group + 1);
      sources.push({ ...source, direct: count === 0 });
    }
    return {
      externalId: grantId(on, to),
      entitlement: on,
      principal: to,
      discoveredSeconds: this.#startSeconds + changedAt * SECONDS_PER_REVISION + (slot % 3600),
      discoveredNanos: (hash % 1_000_000) * 1000,
      expansion: expands ? [`group:${to.id}:member`, `group:${to.id}:admin`] : [],
      shallow: expands && (hash & 16) !== 0,
      needsExpansion: this.needsExpansion(numbers),
      immutable: hash % 16 === 5,
      // Deterministic encoding sorts map entries; two neighbours are in order except where the numbering wraps.
      sources: sources.sort((a, b) => (a.entitlementId < b.entitlementId ? -1 : 1)),
    };
  }

  grant(numbers: GrantNumbers): GrantRecord {
    const facts = this.grantFacts(numbers);
    const { entitlement, principal } = facts;
    const sources = facts.sources.map((source) => [
      source.entitlementId,
      {
        resourceTypeId: source.type,
        resourceId: source.id,
        entitlementId: source.entitlementId,
        isDirect: source.direct,
      },
    ]);
    return create(GrantRecordSchema, {
      syncId: this.syncId,
      externalId: facts.externalId,
      entitlement: {
        resourceTypeId: entitlement.type,
        resourceId: entitlement.id,
        entitlementId: entitlement.entitlementId,
      },
      principal: { resourceTypeId: principal.type, resourceId: principal.id },
      discoveredAt: { seconds: BigInt(facts.discoveredSeconds), nanos: facts.discoveredNanos },
      ...(facts.expansion.length > 0
        ? {
            expansion: {
              entitlementIds: [...facts.expansion],
              shallow: facts.shallow,
              resourceTypeIds: ['user'],
            },
          }
        : {}),
      needsExpansion: facts.needsExpansion,
      annotations: facts.immutable ? [{ typeUrl: `${TYPE_URL}GrantImmutable` }] : [],
      sources: Object.fromEntries(sources),
    });
  }

  run(): SyncRunRecord {
    return create(SyncRunRecordSchema, {
      syncId: this.syncId,
      type: SyncType.FULL,
      startedAt: this.#time(this.shape.revision, 0),
      endedAt: this.#time(this.shape.revision, 600),
      syncToken: JSON.stringify({ revision: this.shape.revision, completed_actions_count: 600 }),
      supportsDiff: true,
    });
  }

  /** The statistics of the sync, computed without creating its grants. */
  stats(): SyncStatsRecord {
    const { shape } = this;
    const counter = new SyncCounter();
    const present = RESOURCE_TYPES.filter((_, index) => this.resourceType(index) !== undefined);
    counter.addCount('resource_type', present.length);
    counter.addCount('resource', shape.groups, 'group');
    counter.addCount('resource', shape.projects, 'project');
    counter.addCount('resource', shape.roles, 'role');
    counter.addCount('resource', shape.users, 'user');
    counter.addCount('resource', countPresent(shape, 1, shape.projects), 'project');
    counter.addCount('entitlement', countPresent(shape, 2, shape.roles), 'role');
    for (let e = 0; e < shape.entitlements; e++) {
      const { type } = entitlementName(shape, e);
      counter.addCount('entitlement', 1, type);
      counter.addCount('grant', shape.slotsOf(e), type);
    }
    let assets = 1;
    for (let index = 1; index < shape.assets; index++) if (shape.isPresent(3, index)) assets += 1;
    counter.addCount('asset', assets);
    const seconds = this.#startSeconds + shape.revision * SECONDS_PER_REVISION + 600;
    return counter.toRecord(this.syncId, new Date(seconds * 1000));
  }

  #resource(
    resourceTypeId: string,
    resourceId: string,
    index: number,
    kind: number,
    parent: { resourceTypeId: string; resourceId: string } | undefined,
    trait?: string,
  ): ResourceRecord {
    const { changedAt } = this.shape.recordState(Stream.resource + 16 * kind, index);
    const revised = changedAt === 0 ? '' : ` (revision ${changedAt})`;
    const value = trait === 'UserTrait' ? emailTrait(`${resourceId}@example.com`) : undefined;
    return create(ResourceRecordSchema, {
      syncId: this.syncId,
      resourceTypeId,
      resourceId,
      displayName: `${capital(resourceTypeId)} ${resourceId.slice(resourceTypeId.length + 1)}${revised}`,
      description: kind === 4 ? '' : `The ${resourceTypeId} ${resourceId} of a synthetic sync`,
      ...(parent === undefined ? {} : { parent }),
      annotations:
        trait === undefined
          ? []
          : [{ typeUrl: TYPE_URL + trait, ...(value === undefined ? {} : { value }) }],
      discoveredAt: this.#time(changedAt, index),
    });
  }

  #entitlement(
    { type, id, slug, entitlementId }: ReturnType<typeof entitlementName>,
    index: number,
  ): EntitlementRecord {
    const { changedAt } = this.shape.recordState(Stream.resource + 80, index);
    return create(EntitlementRecordSchema, {
      syncId: this.syncId,
      externalId: entitlementId,
      resource: { resourceTypeId: type, resourceId: id },
      displayName: `${capital(slug)} of ${id}`,
      description: `Has ${slug} on the ${type} ${id}, as of revision ${changedAt}`,
      purpose: type === 'role' ? 'PERMISSION' : 'ASSIGNMENT',
      discoveredAt: this.#time(changedAt, index),
      slug,
      grantableToResourceTypeIds: ['group', 'user'],
    });
  }

  #time(revision: number, offsetSeconds: number): Timestamp {
    const seconds = this.#startSeconds + revision * SECONDS_PER_REVISION + (offsetSeconds % 3600);
    return timestampFromDate(new Date(seconds * 1000));
  }
}

/** The id of a grant, built from those of its entitlement and principal. */
export function grantId(entitlement: EntitlementName, { type, id }: Name): string {
  return `${entitlement.entitlementId}:${type}:${id}`;
}

function countPresent(shape: SyncShape, kind: number, count: number): number {
  let present = 0;
  for (let index = 0; index < count; index++) if (shape.isPresent(kind, index)) present += 1;
  return present;
}

function parentOf(
  resourceTypeId: string,
  resourceId: string | undefined,
): { resourceTypeId: string; resourceId: string } | undefined {
  return resourceId === undefined ? undefined : { resourceTypeId, resourceId };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** c1.connector.v2.UserTrait with one e-mail address: emails = 1 {address = 1, is_primary = 2}. */
function emailTrait(address: string): Uint8Array {
  const bytes = UTF8.encode(address);
  return Uint8Array.of(0x0a, bytes.length + 4, 0x0a, bytes.length, ...bytes, 0x10, 0x01);
}
