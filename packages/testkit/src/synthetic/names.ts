// The ids of a synthetic sync, in the form that Baton's connectors use.
import type { SyncShape } from './shape.js';

/** The type and the id of a resource. */
export interface Name {
  readonly type: string;
  readonly id: string;
}

/** The id of an entitlement and its resource. */
export interface EntitlementName extends Name {
  readonly entitlementId: string;
  readonly slug: string;
}

/** Formats a number with seven digits, so that ids sort as their numbers do. */
export function digits(number: number): string {
  return String(10_000_000 + number).slice(1);
}

/** The name of a group. The last one is `everyone`: letters sort after digits. */
export function groupName(shape: SyncShape, group: number): Name {
  const id = group === shape.groups - 1 ? 'group-everyone' : `group-${digits(group)}`;
  return { type: 'group', id };
}

export function principalName(shape: SyncShape, principal: number): Name {
  if (principal < shape.groups) return groupName(shape, principal);
  return { type: 'user', id: `user-${digits(principal - shape.groups)}` };
}

export function entitlementName(shape: SyncShape, entitlement: number): EntitlementName {
  const { groups, projects } = shape;
  if (entitlement < 2 * groups) {
    const { type, id } = groupName(shape, entitlement >> 1);
    return named(type, id, entitlement % 2 === 0 ? 'admin' : 'member');
  }
  const behindGroups = entitlement - 2 * groups;
  if (behindGroups < 2 * projects) {
    const id = `project-${digits(behindGroups >> 1)}`;
    return named('project', id, behindGroups % 2 === 0 ? 'access' : 'owner');
  }
  return named('role', `role-${digits(behindGroups - 2 * projects)}`, 'assignment');
}

/** The name of an entitlement without grants that exists only in some revisions. */
export function legacyEntitlementName(role: number): EntitlementName {
  return named('role', `role-${digits(role)}`, 'legacy');
}

function named(type: string, id: string, slug: string): EntitlementName {
  return { type, id, slug, entitlementId: `${type}:${id}:${slug}` };
}
