import { parseKey } from '@sstitch/keys';
import { expect, test } from 'vitest';
import { codeOf, grant, OTHER_SYNC, resource, resourceType, SYNC } from '../../test/records.js';
import { decodeRecord } from '../encoding/encode.js';
import { isValueBucket } from '../record-types.js';
import { recordEntries } from './record-entries.js';

test('the entries of records are each record followed by its index entries', () => {
  const records = [resource('user:ann', 'org:acme'), resourceType('user'), grant('g')];
  const entries = recordEntries(SYNC, records).map(({ key, value }) => {
    const { bucket, syncId, elements } = parseKey(key);
    expect(syncId).toBe(SYNC);
    if (isValueBucket(bucket)) expect(records).toContainEqual(decodeRecord(bucket, key, value));
    else expect(value).toHaveLength(0);
    return `${bucket} ${elements.join('/')}`;
  });
  expect(entries).toEqual([
    'resource user/ann',
    'resource_by_parent org/acme/user/ann',
    'resource_type user',
    'grant g',
    'grant_by_entitlement staff:member/user/ann/g',
    'grant_by_principal user/ann/g',
    'grant_by_principal_resource_type user/g',
  ]);
});

test('the entries of a record of another sync are refused', async () => {
  const entries = () => recordEntries(SYNC, [grant('g', { syncId: OTHER_SYNC })]);
  expect(await codeOf(entries)).toBe('SSTITCH_RECORD_SYNC_MISMATCH');
});
