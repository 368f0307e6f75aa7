// The ids of a synthetic sync, shaped as baton connectors shape theirs.
import type { SyncShape } from './shape.js';

/** A resource's name. */
export interface Name {
  readonly type: string;
  readonly id: string;
}

/** An entitlement's id and the resource it is on. */
export interface EntitlementName extends Name {
  readonly entitlementId: string;
  readonly slug: string;
}

/** Seven digits, so that ids sort as their numbers do. */
export function digits(number: number): string {
  return String(10_000_000 + number).slice(1);
}

/** The last group is everyone: letters sort behind digits. */
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

/** An entitlement that comes and goes with revisions and has no grants. */
export function legacyEntitlementName(role: number): EntitlementName {
  return named('role', `role-${digits(role)}`, 'legacy');
}

function named(type: string, id: string, slug: string): EntitlementName {
  return { type, id, slug, entitlementId: `${type}:${id}:${slug}` };
}
