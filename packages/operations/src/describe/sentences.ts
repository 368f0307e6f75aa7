// Formats the sentence of a group of changes.
import type { CountedBucket } from '@sstitch/records';
import type { RecordChange } from '../diff/record-change.js';
import type { ChangeGroup, GroupMember } from './change-groups.js';
import type { RecordNames } from './record-names.js';

/** The noun for the records of each bucket. */
export const NOUNS: Readonly<Record<CountedBucket, string>> = {
  grant: 'grant',
  resource: 'resource',
  entitlement: 'entitlement',
  resource_type: 'resource type',
  asset: 'asset',
};

const MAX_VALUE_CHARACTERS = 40;

/** Formats a count: `3 users`, `1 user`. */
export function countOf(count: number, singular: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? singular : plural(singular)}`;
}

/** Formats the sentence of a group of changes. */
export async function sentenceOf(group: ChangeGroup, names: RecordNames): Promise<string> {
  if (group.bucket === 'grant') return grantSentence(group, names);
  const noun =
    group.bucket === 'resource' ? (group.resourceTypeId ?? 'resource') : NOUNS[group.bucket];
  const what = countOf(group.count, group.kind === 'added' ? `new ${noun}` : noun);
  const place = await placeOf(group, names);
  const members = await listOf(group, names);
  switch (group.kind) {
    case 'added':
      return `${what}${place === '' ? '' : ` on ${place}`}: ${members}`;
    case 'removed':
      return `${what} removed${place === '' ? '' : ` from ${place}`}: ${members}`;
    case 'changed':
      return `${what}${place === '' ? '' : ` on ${place}`} changed: ${members}`;
  }
}

async function grantSentence(group: ChangeGroup, names: RecordNames): Promise<string> {
  const { entitlementId = '', count, kind } = group;
  const place = await placeOf(group, names);
  const entitlement = await names.entitlement(entitlementId);
  const object = `${entitlement}${place === '' ? '' : ` on ${place}`}`;
  if (kind === 'changed') {
    return `${countOf(count, 'grant')} of ${object} changed: ${await listOf(group, names)}`;
  }
  const verb = kind === 'added' ? 'gained' : 'lost';
  const members = await listOf(group, names);
  if (count <= group.members.length) return `${members} ${verb} ${object}`;
  return `${countOf(count, group.resourceTypeId || 'principal')} ${verb} ${object}: ${members}`;
}

/** Names the resource of entitlements and grants; '' for other records, and if there is none. */
async function placeOf({ resource }: ChangeGroup, names: RecordNames): Promise<string> {
  if (resource === undefined || resource.resourceId === '') return '';
  return names.resource(resource);
}

/** Formats the members of a group: `Ann, Bob and 9 more`. */
async function listOf(group: ChangeGroup, names: RecordNames): Promise<string> {
  const shown: string[] = [];
  for (const member of group.members) {
    const name = await nameOf(member, names);
    shown.push(
      group.kind === 'changed' ? `${name} (${fieldsOf(member, group.count === 1)})` : name,
    );
  }
  const more = group.count - group.members.length;
  if (more > 0) shown.push(`${more.toLocaleString('en-US')} more`);
  const last = shown.pop() ?? '';
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`;
}

async function nameOf({ name, resource }: GroupMember, names: RecordNames): Promise<string> {
  if (name !== undefined) return name;
  return resource === undefined ? '' : names.resource(resource);
}

/** Formats changed fields: `display_name, profile`; with values `display_name "Ann" to "Anna", profile`. */
function fieldsOf({ fields, change }: GroupMember, withValues: boolean): string {
  if (!withValues) return fields.join(', ');
  return fields
    .map((field) => {
      const [before, after] = [textOf(change, 'before', field), textOf(change, 'after', field)];
      if (before === undefined || after === undefined) return field;
      return `${field} ${JSON.stringify(before)} to ${JSON.stringify(after)}`;
    })
    .join(', ');
}

/** Returns a field's value if it is a short text. */
function textOf(change: RecordChange, side: 'before' | 'after', field: string): string | undefined {
  const localName = field.replaceAll(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
  const record = change[side] as Readonly<Record<string, unknown>> | undefined;
  const value = record?.[localName];
  return typeof value === 'string' && value.length <= MAX_VALUE_CHARACTERS ? value : undefined;
}

function plural(singular: string): string {
  if (/[^aeiou]y$/i.test(singular)) return `${singular.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/i.test(singular) ? `${singular}es` : `${singular}s`;
}
