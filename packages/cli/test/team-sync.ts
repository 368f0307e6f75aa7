// A sync of a small team as JSON Lines: Ann is on call, members of on-call operate the vault, and Bob administers it.
import { syntheticSyncId } from '@sstitch/testkit';

const TEAM = syntheticSyncId({ syncIndex: 7 });
/** A name that tries to set a colour, ring the bell and reverse the text. */
const HOSTILE_NAME = 'Eve\u001b[31m\u0007 \u202Egpj';

const named = { user: { ann: 'Ann Lee', bob: 'Bob Ray', eve: HOSTILE_NAME } };
const resources = [
  ...Object.entries(named.user).map(([id, name]) => ['user', id, name] as const),
  ['group', 'oncall', 'On call'],
  ['group', 'operators', 'Operators'],
  ['vault', 'keys', 'Key vault'],
] as const;
const entitlements = [
  ['oncall:member', 'group', 'oncall', 'member'],
  ['operators:member', 'group', 'operators', 'member'],
  ['keys:open', 'vault', 'keys', 'open'],
] as const;
const grants = [
  ['oncall:member', 'user', 'ann'],
  ['operators:member', 'user', 'eve'],
  ['keys:open', 'user', 'bob'],
  ['operators:member', 'group', 'oncall', 'oncall:member'],
  ['keys:open', 'group', 'operators', 'operators:member'],
] as const;

/** The lines of the sync. */
export function teamLines(): string {
  const records = [
    {
      type: 'sync_run',
      record: {
        sync_id: TEAM,
        type: 'SYNC_TYPE_FULL',
        started_at: '2026-01-01T00:00:00Z',
        ended_at: '2026-01-01T00:01:00Z',
      },
    },
    ...resources.map(([type, id, name]) => ({
      type: 'resource',
      record: { sync_id: TEAM, resource_type_id: type, resource_id: id, display_name: name },
    })),
    ...entitlements.map(([externalId, type, id, name]) => ({
      type: 'entitlement',
      record: {
        sync_id: TEAM,
        external_id: externalId,
        resource: { resource_type_id: type, resource_id: id },
        display_name: name,
      },
    })),
    ...grants.map(([entitlementId, type, id, from]) => ({
      type: 'grant',
      record: {
        sync_id: TEAM,
        external_id: `${entitlementId}:${type}:${id}`,
        entitlement: { entitlement_id: entitlementId, ...resourceOf(entitlementId) },
        principal: { resource_type_id: type, resource_id: id },
        ...(from && { expansion: { entitlement_ids: [from] }, needs_expansion: true }),
      },
    })),
  ];
  return records.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function resourceOf(entitlementId: string) {
  const [, type, id] = entitlements.find(([externalId]) => externalId === entitlementId) ?? [];
  return { resource_type_id: type, resource_id: id };
}
