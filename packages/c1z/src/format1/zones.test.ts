import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { C1zError } from '../errors.js';
import { makeC1z } from '../make-c1z.js';
import { openC1z } from '../read-c1z.js';
import { parseTimestamp } from './timestamps.js';
import { zoneOf } from './zones.js';

describe('a time without a zone', () => {
  // Computed with Go 1.26: time.Date(…, location).Unix().
  test.each([
    ['Europe/Berlin', '2024-03-31 01:59:59', 1711846799],
    ['Europe/Berlin', '2024-03-31 02:30:00', 1711848600],
    ['Europe/Berlin', '2024-03-31 03:00:00', 1711846800],
    ['Europe/Berlin', '2024-10-27 02:00:00', 1729990800],
    ['Europe/Berlin', '2024-10-27 02:30:00', 1729992600],
    ['Europe/Berlin', '2024-10-27 03:00:00', 1729994400],
    ['America/New_York', '2024-03-10 02:30:00', 1710052200],
    ['America/New_York', '2024-11-03 01:30:00', 1730611800],
    ['America/New_York', '2024-11-03 02:00:00', 1730617200],
    ['Australia/Lord_Howe', '2024-04-07 01:45:00', 1712416500],
    ['Australia/Lord_Howe', '2024-10-06 02:15:00', 1728143100],
    ['America/Sao_Paulo', '2018-11-04 00:30:00', 1541298600],
    ['America/Sao_Paulo', '2018-02-17 23:30:00', 1518917400],
    ['Pacific/Apia', '2011-12-29 23:59:59', 1325239199],
    ['Pacific/Apia', '2011-12-30 12:00:00', 1325282400],
    ['Pacific/Apia', '2011-12-31 00:00:00', 1325239200],
    ['Africa/Casablanca', '2024-04-07 02:00:00', 1712455200],
    ['Europe/Dublin', '2024-10-27 01:59:59', 1729994399],
    ['Asia/Kathmandu', '2024-01-02 15:04:05', 1704187145],
    ['Asia/Kathmandu', '1890-01-01 00:00:00', -2524542076],
    ['America/St_Johns', '2024-07-02 15:04:05', 1719941645],
    ['UTC', '2024-03-31 02:30:00', 1711852200],
    ['+02:00', '2024-03-31 02:30:00', 1711845000],
    ['-05:45', '2024-03-31 02:30:00', 1711872900],
  ])(
    'in %s, %s, is the instant that Go derives, even where clocks change',
    (zone, text, seconds) => {
      expect(parseTimestamp(text, zoneOf(zone))?.seconds).toBe(BigInt(seconds));
    },
  );

  const zoneNames = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Tokyo'];

  test('is an instant at which a clock of the zone shows that time, if there is one', () => {
    const seconds = fc.integer({ min: 0, max: 2_000_000_000 });
    fc.assert(
      fc.property(fc.constantFrom(...zoneNames), seconds, (name, instant) => {
        const zone = zoneOf(name);
        const shown = clockText(instant + zone.offsetSeconds(instant));
        const read = Number(parseTimestamp(shown, zone)?.seconds);
        expect(clockText(read + zone.offsetSeconds(read))).toBe(shown);
        // The other instant of a clock that is put back.
        expect(Math.abs(read - instant)).toBeLessThanOrEqual(3600);
      }),
    );
  });
});

function clockText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

describe('the option zone', () => {
  test.each(['Nowhere/Land', '', '+2', '+24:00', '02:00', '+02:60', 'local', 7, null])(
    'refuses %j',
    (zone) => {
      expect(() => zoneOf(zone as string)).toThrow(C1zError);
      expect(() => zoneOf(zone as string)).toThrow(
        expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
      );
    },
  );
});

describe('a file whose times have no zone', () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zones-'));
    path = join(directory, 'some.c1z');
    await makeC1z(path, {
      syncs: [
        {
          syncId: 's',
          startedAt: '2024-07-02 15:04:05.999',
          endedAt: '2024-07-02 15:05:05.999 -0300 -03',
          discoveredAt: '2024-01-02 15:04:05.999',
          resourceTypes: [{ id: 'user' }],
        },
      ],
    });
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Opens the file in a process with this TZ; returns the times of its sync and of its resource type. */
  function timesIn(TZ: string, options: object = {}): string[] {
    const built = new URL('../../dist/index.js', import.meta.url).href;
    const program = `
      import { openC1z } from ${JSON.stringify(built)};
      const file = await openC1z(${JSON.stringify(path)}, ${JSON.stringify({ temporaryDirectory: directory, ...options })});
      const [run] = file.syncs();
      const text = ({ seconds, nanos }) => new Date(Number(seconds) * 1000 + nanos / 1e6).toISOString();
      for await (const [type] of file.resourceTypes('s')) {
        console.log(JSON.stringify([run.startedAt, run.endedAt, type.discoveredAt].map(text)));
      }
      await file.close();`;
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      env: { ...process.env, TZ },
    });
    expect(run.stderr).toBe('');
    return JSON.parse(run.stdout);
  }

  const ENDED = '2024-07-02T18:05:05.999Z';

  test.each([
    ['America/New_York', '2024-07-02T19:04:05.999Z', '2024-01-02T20:04:05.999Z'],
    ['Asia/Kathmandu', '2024-07-02T09:19:05.999Z', '2024-01-02T09:19:05.999Z'],
    ['UTC', '2024-07-02T15:04:05.999Z', '2024-01-02T15:04:05.999Z'],
    // A zone without a name, as POSIX writes it.
    ['XYZ3', '2024-07-02T18:04:05.999Z', '2024-01-02T18:04:05.999Z'],
  ])('is read by a process with TZ=%s in that zone', (TZ, startedAt, discoveredAt) => {
    expect(timesIn(TZ)).toEqual([startedAt, ENDED, discoveredAt]);
  });

  test.each([
    ['UTC', '2024-07-02T15:04:05.999Z'],
    ['Europe/Berlin', '2024-07-02T13:04:05.999Z'],
    ['+02:00', '2024-07-02T13:04:05.999Z'],
  ])('is read in the zone %s if the option says so, whatever TZ is', (zone, startedAt) => {
    for (const TZ of ['America/New_York', 'Asia/Tokyo']) {
      expect(timesIn(TZ, { zone }).slice(0, 2)).toEqual([startedAt, ENDED]);
    }
  });

  test('is not opened if the option is not a zone', async () => {
    await expect(openC1z(path, { zone: 'Nowhere/Land' })).rejects.toMatchObject({
      code: 'SSTITCH_OPTION_INVALID',
      message: expect.stringContaining('"Nowhere/Land"'),
    });
  });
});
