import { parseKey, parseSyncId } from '@sstitch/keys';
import { describe, expect, test } from 'vitest';
import { asset, entitlement, grant, resource, resourceType, SYNC } from '../../test/records.js';
import { identityOf, type SyncRecord } from '../record-types.js';
import { indexEntries, listedIds } from './indexes.js';

const NO_PRINCIPAL = create({ principal: undefined });

describe('the index entries of a record', () => {
  test.each<[string, SyncRecord, string[]]>([
    ['a resource type', resourceType('user'), []],
    ['an asset', asset('logo', new Uint8Array(1)), []],
    ['a resource without a parent', resource('user:ann'), []],
    ['a resource whose parent has no id', resource('user:ann', 'org:'), []],
    [
      'a resource with a parent',
      resource('user:ann', 'org:acme'),
      ['resource_by_parent org/acme/user/ann'],
    ],
    ['an entitlement without a resource', entitlement('e'), []],
    ['an entitlement on a resource without an id', entitlement('e', 'group:'), []],
    ['an entitlement', entitlement('e', 'group:staff'), ['entitlement_by_resource group/staff/e']],
    [
      'a grant',
      grant('g'),
      [
        'grant_by_entitlement staff:member/user/ann/g',
        'grant_by_principal user/ann/g',
        'grant_by_principal_resource_type user/g',
      ],
    ],
    [
      'a grant that needs expansion',
      grant('g', { needsExpansion: true }),
      [
        'grant_by_entitlement staff:member/user/ann/g',
        'grant_by_principal user/ann/g',
        'grant_by_principal_resource_type user/g',
        'grant_by_needs_expansion g',
      ],
    ],
    ['a grant without a principal', NO_PRINCIPAL, []],
    [
      'a grant without an entitlement',
      create({ entitlement: undefined }),
      ['grant_by_principal user/ann/g', 'grant_by_principal_resource_type user/g'],
    ],
    [
      'a grant to a principal with empty ids',
      grant('g', { principal: {} }),
      [
        'grant_by_entitlement staff:member///g',
        'grant_by_principal //g',
        'grant_by_principal_resource_type /g',
      ],
    ],
  ])('of %s', (_, record, wanted) => {
    const entries = indexEntries(parseSyncId(SYNC), record);
    const readable = entries.map(({ key }) => {
      const { bucket, elements } = parseKey(key);
      return `${bucket} ${elements.join('/')}`;
    });
    expect(readable).toEqual(wanted);
    expect(entries.map(({ bucket }) => bucket)).toEqual(wanted.map((line) => line.split(' ')[0]));
    for (const { bucket, key } of entries) {
      expect(listedIds(bucket, parseKey(key).elements)).toEqual(identityOf(record).ids);
    }
  });
});

function create(gone: { entitlement?: undefined; principal?: undefined }): SyncRecord {
  return { ...grant('g'), ...gone };
}
