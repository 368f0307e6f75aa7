// A small store with everything the page shows: groups in groups, an expanded grant, two versions of a sync, and names
// that are out to do harm.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Store } from '@sstitch/engine';
import { formatSyncId, syncIdBytes } from '@sstitch/keys';
import {
  EntitlementRecordSchema,
  GrantRecordSchema,
  ResourceRecordSchema,
  ResourceTypeRecordSchema,
  type SyncRecord,
  SyncStore,
} from '@sstitch/records';

/** Markup, a terminal's escape, a mark that turns the direction of writing, and much too long a name. */
export const HOSTILE_NAMES = {
  markup: '<img src=x onerror="document.title=1">',
  escape: 'red\u001b[31mred\u0007',
  bidi: 'gnp\u202egpj.exe',
  long: `long${'g'.repeat(5000)}`,
  formula: '=HYPERLINK("http://example.org","click")',
} as const;

export const OLD_SYNC = syncIdOf(1);
export const NEW_SYNC = syncIdOf(2);
const USERS = 150;

type Ref = readonly [type: string, id: string];

/** Makes the store; the caller removes the directory around it. */
export async function makeExampleStore(): Promise<{ directory: string; location: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'sstitch-explore-'));
  const location = join(directory, 'example');
  try {
    const store = new Store<Uint8Array, Uint8Array>(location, {
      keyEncoding: 'view',
      valueEncoding: 'view',
    });
    for (const [syncId, at] of [
      [OLD_SYNC, '2026-11-28T08:00:00Z'],
      [NEW_SYNC, '2026-11-29T08:00:00Z'],
    ] as const) {
      const records = new SyncStore(store, { now: () => new Date(at) });
      await records.startSync({ syncId });
      await records.putMany(syncId, recordsOf(syncId, syncId === NEW_SYNC));
      await records.endSync(syncId);
    }
    await store.close();
    return { directory, location };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function recordsOf(syncId: string, isNew: boolean): SyncRecord[] {
  const type = (id: string, name: string, traits: string[]) =>
    create(ResourceTypeRecordSchema, { syncId, externalId: id, displayName: name, traits });
  const resource = ([resourceTypeId, resourceId]: Ref, displayName: string, description = '') =>
    create(ResourceRecordSchema, {
      ...{ syncId, resourceTypeId, resourceId, displayName, description },
      ...(description !== '' && { profile: { about: description } }),
    });
  const entitlement = (on: Ref, slug: string, displayName = slug) =>
    create(EntitlementRecordSchema, {
      syncId,
      externalId: entitlementId(on, slug),
      resource: { resourceTypeId: on[0], resourceId: on[1] },
      slug,
      displayName,
    });
  const grant = (
    to: Ref,
    on: Ref,
    slug: string,
    expansion?: MessageInitShape<typeof GrantRecordSchema>['expansion'],
  ) =>
    create(GrantRecordSchema, {
      syncId,
      externalId: `${entitlementId(on, slug)}:${to[0]}:${to[1]}`,
      entitlement: {
        resourceTypeId: on[0],
        resourceId: on[1],
        entitlementId: entitlementId(on, slug),
      },
      principal: { resourceTypeId: to[0], resourceId: to[1] },
      ...(expansion && { expansion, needsExpansion: true }),
    });
  const [staff, engineering]: Ref[] = [
    ['group', 'staff'],
    ['group', 'engineering'],
  ] as const;
  const database: Ref = ['app', 'production-db'];
  const users = Array.from(
    { length: USERS },
    (_, at): Ref => ['user', `user-${String(at).padStart(4, '0')}`],
  );
  const ann = users[0] as Ref;
  return [
    type('user', 'User', ['USER']),
    type('group', 'Group', ['GROUP']),
    type('app', `Application ${HOSTILE_NAMES.bidi}`, ['APP']),
    ...users.map((user, at) => resource(user, at === 0 ? 'Ann Archer' : `User ${at}`)),
    ...Object.entries(HOSTILE_NAMES).map(([id, name]) => resource(['user', `z-${id}`], name, name)),
    resource(staff as Ref, 'Staff'),
    resource(engineering as Ref, 'Engineering'),
    resource(database, 'Production DB'),
    entitlement(staff as Ref, 'member'),
    entitlement(engineering as Ref, 'member'),
    entitlement(database, 'admin', 'Admin'),
    entitlement(database, 'read', 'Read'),
    // Everyone is in Staff; Staff is in Engineering; who is in Engineering is an admin of the database.
    ...users.map((user) => grant(user, staff as Ref, 'member')),
    ...Object.keys(HOSTILE_NAMES).map((id) => grant(['user', `z-${id}`], staff as Ref, 'member')),
    grant(staff as Ref, engineering as Ref, 'member', {
      entitlementIds: [entitlementId(staff as Ref, 'member')],
      resourceTypeIds: ['user'],
    }),
    grant(engineering as Ref, database, 'admin', {
      entitlementIds: [entitlementId(engineering as Ref, 'member')],
      resourceTypeIds: ['user'],
    }),
    ...users.slice(0, isNew ? 9 : 4).map((user) => grant(user, database, 'read')),
    ...(isNew ? [] : [grant(ann, engineering as Ref, 'member')]),
  ];
}

/** The id of an entitlement of the example. */
export function entitlementId([type, id]: Ref, slug: string): string {
  return `${type}:${id}:${slug}`;
}

function syncIdOf(number: number): string {
  return formatSyncId(syncIdBytes(new Uint8Array(20).fill(number)));
}
