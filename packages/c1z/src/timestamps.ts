// Times as the tables hold them: text, in UTC unless it names a zone.
//
//   2025-12-17 16:31:25                     SQLite's own
//   2025-12-17 16:31:25.057185              a fraction of 1 to 9 digits
//   2025-12-17 16:31:25.057185+01:00        a zone, with or without blank and colon
//   2025-12-17T16:31:25.057185Z             RFC 3339
//   2025-12-17 16:31:25.057185 +0000 UTC    Go's String(), perhaps with its clock: " m=+0.001"
import { create } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';

const TIME_TEXT =
  /^(\d{4})-(\d\d)-(\d\d)[ Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: ?(Z|z|UTC|[+-]\d\d:?\d\d))?(?: [A-Z]{1,5})?(?: m=[+-][\d.]{1,24})?$/;

/** The first time that a Timestamp can hold is the first of year 1. */
const FIRST_YEAR = 1;

/** The time that a text names; undefined if it names none. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = TIME_TEXT.exec(text);
  if (match === null) return undefined;
  const [, yearText, monthText, dayText, hourText, minuteText, secondText, fraction, zone] = match;
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  const [hour, minute, second] = [Number(hourText), Number(minuteText), Number(secondText)];
  if (year < FIRST_YEAR || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // Date takes the 31st of February for the 3rd of March.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const zoneSeconds = zoneSecondsOf(zone);
  if (zoneSeconds === undefined) return undefined;
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - zoneSeconds;
  // Set one by one: `create` with values walks the message's fields, and every row has a time.
  const timestamp = create(TimestampSchema);
  timestamp.seconds = BigInt(seconds);
  if (fraction !== undefined) timestamp.nanos = Number(fraction.padEnd(9, '0'));
  return timestamp;
}

/** How far a zone is ahead of UTC. */
function zoneSecondsOf(zone: string | undefined): number | undefined {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60);
}
