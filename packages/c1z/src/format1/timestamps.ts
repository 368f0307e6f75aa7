// Converts times to and from the text in the tables. A time without a zone is that of the clock of the
// connector's host.
//
//   2025-12-17 16:31:25.057185               the form of connectors: a fraction of any length, or none
//   2025-12-17 16:31, 2025-12-17             SQLite's shorter forms
//   2025-12-17 16:31:25.057185+01:00         with a zone, with or without blank, colon and minutes
//   2025-12-17T16:31:25.057185Z              RFC 3339
//   2025-12-17 16:31:25.057185 +0000 UTC     Go's String(), perhaps with its clock: " m=+0.001"
//   2025-12-17 16:31:25.057185 -0300 -03     Go's String() in a zone whose name is a number
//
// The SQLite driver of baton-sdk reads all but the last. It treats a time marked as UTC like one without a
// zone, contrary to its own documentation; this reader uses the zone.
import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { instantOf, parseOffset, type Zone } from './zones.js';

const DATE = String.raw`(\d{4})-(\d\d)-(\d\d)`;
const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?`;
const ZONE = String.raw`Z|z|UTC|[+-]\d\d(?::?\d\d)?`;
/** Go's name of a zone, which adds nothing to the offset. */
const ZONE_NAME = String.raw`[A-Za-z]{1,6}|[+-]\d{2,6}`;
const CLOCK = String.raw`m=[+-][\d.]{1,24}`;
const TIME_TEXT = new RegExp(
  `^${DATE}(?:[ Tt]${TIME}(?: ?(${ZONE})(?: (?:${ZONE_NAME}))?)?(?: ${CLOCK})?)?$`,
);

/** The text of an undefined time where one is required: Go's zero time. */
const NO_TIME = '0001-01-01 00:00:00';

/**
 * Formats a time as a connector does, with the offset of the zone at that time. Of two texts with the same
 * offset, the one with the earlier time is smaller, because Baton compares texts.
 */
export function formatTimestamp(timestamp: Timestamp | undefined, zone: Zone): string {
  if (timestamp === undefined) return NO_TIME;
  const seconds = Number(timestamp.seconds);
  if (seconds < FIRST_SECONDS || seconds > LAST_SECONDS) return NO_TIME;
  const { offsetSeconds, text: offset } = offsetAt(seconds, zone);
  const clock = new Date((seconds + offsetSeconds) * 1000).toISOString();
  const digits = String(timestamp.nanos).padStart(9, '0').replace(/0+$/, '');
  const fraction = timestamp.nanos === 0 ? '' : `.${digits}`;
  return `${clock.slice(0, 10)} ${clock.slice(11, 19)}${fraction}${offset}`;
}

const DAY_SECONDS = 86_400;

/**
 * The offset at a time; UTC if the zone's offset has seconds, which Go cannot read, or leads out of the valid
 * years.
 */
function offsetAt(seconds: number, zone: Zone): { offsetSeconds: number; text: string } {
  const offsetSeconds = zone.offsetSeconds(seconds);
  const isAtTheEdge = seconds < FIRST_SECONDS + DAY_SECONDS || seconds > LAST_SECONDS - DAY_SECONDS;
  if (offsetSeconds % 60 !== 0 || isAtTheEdge) return { offsetSeconds: 0, text: '+00:00' };
  const minutes = Math.abs(offsetSeconds) / 60;
  const two = (number: number) => String(number).padStart(2, '0');
  const text = `${offsetSeconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return { offsetSeconds, text };
}

/** The first second of a Timestamp, which holds the years 1 to 9999. */
const FIRST_SECONDS = -62_135_596_800;
const LAST_SECONDS = 253_402_300_799;
/** Go's zero time, "never". */
const NEVER_SECONDS = FIRST_SECONDS;

/**
 * Parses the text of a time; undefined if it is not one.
 * @param zone the zone of a text without one
 */
export function parseTimestamp(text: string, zone: Zone): Timestamp | undefined {
  const match = TIME_TEXT.exec(text);
  if (match === null) return undefined;
  const [, yearText, monthText, dayText, hourText, minuteText, secondText, fraction, zoneText] =
    match;
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  const hour = Number(hourText ?? 0);
  const minute = Number(minuteText ?? 0);
  const second = Number(secondText ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // Date converts the 31st of February to the 3rd of March.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const clockSeconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
  const nanos = fraction === undefined ? 0 : Number(fraction.slice(0, 9).padEnd(9, '0'));
  const seconds = secondsOf(clockSeconds, nanos, zoneText, zone);
  if (seconds === undefined || seconds < FIRST_SECONDS || seconds > LAST_SECONDS) return undefined;
  // Sets the fields directly, because `create` with values iterates over the message's fields and every row has a time.
  const timestamp = create(TimestampSchema);
  timestamp.seconds = BigInt(seconds);
  timestamp.nanos = nanos;
  return timestamp;
}

function secondsOf(
  clockSeconds: number,
  nanos: number,
  zoneText: string | undefined,
  zone: Zone,
): number | undefined {
  if (zoneText === undefined) {
    const isNever = clockSeconds === NEVER_SECONDS && nanos === 0;
    return isNever ? clockSeconds : instantOf(clockSeconds, zone);
  }
  if (!/^[+-]/.test(zoneText)) return clockSeconds;
  const offset = parseOffset(zoneText);
  return offset === undefined ? undefined : clockSeconds - offset;
}
