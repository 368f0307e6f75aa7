import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { dateOf } from './timestamps.js';

test.each([
  [1_767_323_045n, 678_000_000, '2026-01-02T03:04:05.678Z'],
  [2n ** 62n, -5, '9999-12-31T23:59:59.999Z'],
  [-(2n ** 62n), 0, '0001-01-01T00:00:00.000Z'],
])('the Date of %s seconds and %s nanoseconds is %s', (seconds, nanos, text) => {
  expect(dateOf(create(TimestampSchema, { seconds, nanos })).toISOString()).toBe(text);
});
