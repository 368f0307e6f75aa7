import { equalBytes, spanContains } from '@sstitch/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBucketAndElements, anyElement, codeOf } from '../test/arbitraries.js';
import { buildKey, buildKeyPrefix } from './build-key.js';
import * as indexKeys from './index-keys.js';
import { prefixSpan } from './key-range.js';
import { BUCKETS } from './layout.js';
import { parseKey } from './parse-key.js';
import * as recordKeys from './record-keys.js';
import { parseSyncId } from './sync-id.js';

const sync = parseSyncId('36zfOAoWMxQdISbixanQCRBiX7E');

describe('a key prefix', () => {
  test('matches the keys with exactly those first elements, not keys whose elements only begin with them', () => {
    fc.assert(
      fc.property(
        anyBucketAndElements.filter(({ elements }) => elements.length > 1),
        fc.nat(),
        anyElement,
        ({ bucket, elements }, pick, other) => {
          const length = 1 + (pick % (elements.length - 1));
          const first = elements.slice(0, length);
          const span = prefixSpan(buildKeyPrefix(bucket, sync, first));
          expect(spanContains(span, buildKey(bucket, sync, elements))).toBe(true);
          const changed = elements.with(length - 1, `${elements[length - 1]}${other}`);
          expect(spanContains(span, buildKey(bucket, sync, changed))).toBe(other === '');
        },
      ),
    );
  });

  test('is refused with as many elements as the key has, or more', () => {
    expect(codeOf(() => buildKeyPrefix('grant', sync, ['g']))).toBe('SSTITCH_KEY_ELEMENT_INVALID');
    expect(codeOf(() => buildKeyPrefix('sync_run', sync, ['x']))).toBe(
      'SSTITCH_KEY_ELEMENT_INVALID',
    );
  });

  test('omits everything after the first element that is undefined', () => {
    const wanted = buildKeyPrefix('grant_by_entitlement', sync, ['e', 'user']);
    expect(indexKeys.grantByEntitlementPrefix(sync, 'e', 'user')).toEqual(wanted);
    expect(equalBytes(indexKeys.grantByEntitlementPrefix(sync, 'e', 'user', 'u'), wanted)).toBe(
      false,
    );
  });
});

describe('the typed builders', () => {
  const built = {
    resource_type: recordKeys.resourceTypeKey(sync, 'a'),
    resource: recordKeys.resourceKey(sync, 'a', 'b'),
    resource_by_parent: indexKeys.resourceByParentKey(sync, 'a', 'b', 'c', 'd'),
    entitlement: recordKeys.entitlementKey(sync, 'a'),
    entitlement_by_resource: indexKeys.entitlementByResourceKey(sync, 'a', 'b', 'c'),
    grant: recordKeys.grantKey(sync, 'a'),
    grant_by_entitlement: indexKeys.grantByEntitlementKey(sync, 'a', 'b', 'c', 'd'),
    grant_by_principal: indexKeys.grantByPrincipalKey(sync, 'a', 'b', 'c'),
    grant_by_principal_resource_type: indexKeys.grantByPrincipalResourceTypeKey(sync, 'a', 'b'),
    grant_by_needs_expansion: indexKeys.grantByNeedsExpansionKey(sync, 'a'),
    asset: recordKeys.assetKey(sync, 'a'),
    sync_run: recordKeys.syncRunKey(sync),
    sync_stats: recordKeys.syncStatsKey(sync),
  };

  test.each(BUCKETS)(
    'build keys of $bucket with their elements in order',
    ({ bucket, elements }) => {
      const parsed = parseKey(built[bucket]);
      expect(parsed.bucket).toBe(bucket);
      expect(parsed.elements).toEqual(['a', 'b', 'c', 'd'].slice(0, elements.length));
    },
  );

  test.each([
    ['resourcePrefix', recordKeys.resourcePrefix(sync, 'a'), built.resource],
    [
      'resourceByParentPrefix',
      indexKeys.resourceByParentPrefix(sync, 'a', 'b'),
      built.resource_by_parent,
    ],
    [
      'entitlementByResourcePrefix',
      indexKeys.entitlementByResourcePrefix(sync, 'a', 'b'),
      built.entitlement_by_resource,
    ],
    [
      'grantByPrincipalPrefix',
      indexKeys.grantByPrincipalPrefix(sync, 'a', 'b'),
      built.grant_by_principal,
    ],
    [
      'grantByPrincipalResourceTypePrefix',
      indexKeys.grantByPrincipalResourceTypePrefix(sync, 'a'),
      built.grant_by_principal_resource_type,
    ],
  ])('build with %s a prefix of the key', (_, prefix, key) => {
    expect(equalBytes(key.subarray(0, prefix.length), prefix)).toBe(true);
  });

  test('refuse a wrong number of elements', () => {
    expect(codeOf(() => buildKey('grant', sync, []))).toBe('SSTITCH_KEY_ELEMENT_INVALID');
    expect(codeOf(() => buildKey('grant', sync, ['a', 'b']))).toBe('SSTITCH_KEY_ELEMENT_INVALID');
  });
});
