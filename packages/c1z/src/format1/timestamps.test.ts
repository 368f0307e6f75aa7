import { create } from '@bufbuild/protobuf';
import { TimestampSchema, timestampDate } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as timestamps from './timestamps.js';
import { UTC, zoneOf } from './zones.js';

const parseTimestamp = (text: string, zone = UTC) => timestamps.parseTimestamp(text, zone);

describe('times in text', () => {
  test.each([
    ['2025-12-17 16:31:25.057185', '2025-12-17T16:31:25.057Z', 57_185_000],
    ['2025-12-17 16:31:25', '2025-12-17T16:31:25.000Z', 0],
    ['2025-12-17 16:31:25.5', '2025-12-17T16:31:25.500Z', 500_000_000],
    ['2025-12-17 16:31:25.123456789', '2025-12-17T16:31:25.123Z', 123_456_789],
    ['2025-12-17T16:31:25.057185Z', '2025-12-17T16:31:25.057Z', 57_185_000],
    ['2025-12-17T18:31:25+02:00', '2025-12-17T16:31:25.000Z', 0],
    ['2025-12-17 11:01:25.057185-05:30', '2025-12-17T16:31:25.057Z', 57_185_000],
    ['2025-12-17 16:31:25.057185 +0000 UTC', '2025-12-17T16:31:25.057Z', 57_185_000],
    ['2025-12-17 16:31:25.057185 UTC', '2025-12-17T16:31:25.057Z', 57_185_000],
    ['2025-12-17 17:31:25 +0100 CET m=+0.002', '2025-12-17T16:31:25.000Z', 0],
    ['2025-12-17 17:31:25.5 +0100 CET m=-0.000000001', '2025-12-17T16:31:25.500Z', 500_000_000],
    ['2025-12-17 13:31:25.057185 -0300 -03', '2025-12-17T16:31:25.057Z', 57_185_000],
    ['2025-12-17 22:16:25 +0545 +0545', '2025-12-17T16:31:25.000Z', 0],
    ['2025-12-17 22:16:25 +0545 +0545 m=+0.0', '2025-12-17T16:31:25.000Z', 0],
    ['2025-12-18 05:16:25 +1245 +1245', '2025-12-17T16:31:25.000Z', 0],
    ['2025-12-18 02:31:25 +1000 ChST', '2025-12-17T16:31:25.000Z', 0],
    ['2025-12-17 17:31:25+01', '2025-12-17T16:31:25.000Z', 0],
    ['2025-12-17 16:31:25.1234567899', '2025-12-17T16:31:25.123Z', 123_456_789],
    ['2025-12-17 16:31', '2025-12-17T16:31:00.000Z', 0],
    ['2025-12-17T16:31Z', '2025-12-17T16:31:00.000Z', 0],
    ['2025-12-17', '2025-12-17T00:00:00.000Z', 0],
    ['2024-02-29 00:00:00', '2024-02-29T00:00:00.000Z', 0],
    ['1969-12-31 23:59:59.25', '1969-12-31T23:59:59.250Z', 250_000_000],
    ['0001-01-01 00:00:00', '0001-01-01T00:00:00.000Z', 0],
  ])('%s is %s', (text, date, nanos) => {
    const timestamp = parseTimestamp(text);
    expect(timestamp).toBeDefined();
    if (timestamp === undefined) return;
    expect(timestampDate(timestamp).toISOString()).toBe(date);
    expect(timestamp.nanos).toBe(nanos);
  });

  test.each([
    '',
    'yesterday',
    '2025-13-01 00:00:00',
    '2025-02-30 00:00:00',
    '2025-02-29 00:00:00',
    '2025-12-17 24:00:00',
    '2025-12-17 16:61:00',
    '0000-01-01 00:00:00',
    '2025-12-17 16:31:25.',
    '2025-12-17 16:31:25 CET',
    '2025-12-17 16:31:25 -03 -0300 x',
    '2025-12-17 16:31:25 +0061',
    '2025-12-17 16',
    '2025-12-17 UTC',
    '0001-01-01 00:00:00+01:00',
    '2025-12-17 16:31:25+25:00',
    '1765989085',
    ' 2025-12-17 16:31:25',
  ])('%j is not a time', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  test('any microsecond of any year reads back as it was written', () => {
    const date = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 999_999 }), (time, micros) => {
        const seconds = time.toISOString().slice(0, 19).replace('T', ' ');
        const timestamp = parseTimestamp(`${seconds}.${String(micros).padStart(6, '0')}`);
        expect(timestamp?.nanos).toBe(micros * 1000);
        expect(timestamp?.seconds).toBe(BigInt(Math.floor(time.getTime() / 1000)));
      }),
    );
  });

  test('with a zone are the same times whatever the option says', () => {
    const tokyo = zoneOf('Asia/Tokyo');
    for (const text of [
      '2025-12-17T16:31:25Z',
      '2025-12-17 16:31:25 UTC',
      '2025-12-17 16:31:25 +0000 UTC',
      '2025-12-17 13:31:25 -0300 -03',
    ]) {
      expect(parseTimestamp(text, tokyo)).toEqual(parseTimestamp('2025-12-17 16:31:25'));
    }
    expect(parseTimestamp('2025-12-18 01:31:25', tokyo)).toEqual(
      parseTimestamp('2025-12-17 16:31:25'),
    );
  });

  test("Go's zero time, which means never, has no zone", () => {
    const never = parseTimestamp('0001-01-01 00:00:00');
    for (const zone of ['Asia/Tokyo', 'America/New_York']) {
      expect(parseTimestamp('0001-01-01 00:00:00', zoneOf(zone))).toEqual(never);
    }
    expect(parseTimestamp('0001-01-01 00:00:01', zoneOf('Asia/Tokyo'))).toBeUndefined();
  });
});

describe('the text of a time', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata', '-11:30'].map(zoneOf);

  test.each(zones.map((zone, index) => [index, zone] as const))(
    'is the same time in zone %d for every reader',
    (_, zone) => {
      const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
      const nanos = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 }));
      fc.assert(
        fc.property(seconds, nanos, (whole, fraction) => {
          const timestamp = create(TimestampSchema, { seconds: BigInt(whole), nanos: fraction });
          const text = timestamps.formatTimestamp(timestamp, zone);
          expect(parseTimestamp(text, zoneOf('Asia/Tokyo'))).toEqual(timestamp);
        }),
      );
    },
  );

  test('is written as Baton writes it, with an offset', () => {
    const timestamp = create(TimestampSchema, { seconds: 1_764_427_495n, nanos: 279_680_500 });
    expect(timestamps.formatTimestamp(timestamp, zoneOf('Europe/Berlin'))).toBe(
      '2025-11-29 15:44:55.2796805+01:00',
    );
  });

  test('is smaller for an earlier time in the comparison of Baton', () => {
    const times = [0, 1, 10, 123_000_000, 123_456_789].map((nanos) =>
      timestamps.formatTimestamp(
        create(TimestampSchema, { seconds: 1_764_427_495n, nanos }),
        zoneOf('UTC'),
      ),
    );
    expect([...times].sort()).toEqual(times);
  });

  test("of an undefined time is Go's zero time", () => {
    expect(timestamps.formatTimestamp(undefined, zoneOf('UTC'))).toBe('0001-01-01 00:00:00');
  });
});
