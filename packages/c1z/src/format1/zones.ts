// Time zones for times without a zone.
//
// Baton writes a time as its host's clock shows it, and reads it with Go's `time.Date` in the zone of the
// reading host. For a time that a clock shows twice, or never, this module follows Go.
import { C1zError } from '../errors.js';

/** A zone: the offset of its clocks from UTC. */
export interface Zone {
  /**
   * @param unixSeconds an instant
   * @returns seconds; negative for a zone west of UTC
   */
  offsetSeconds(unixSeconds: number): number;
}

export const UTC: Zone = { offsetSeconds: () => 0 };

/**
 * Returns the zone of a name, which is an IANA name ("Europe/Berlin", "UTC") or an offset ("+02:00"); without a
 * name, the zone of this process, which the environment variable TZ sets.
 * @throws C1zError SSTITCH_OPTION_INVALID
 */
export function zoneOf(name: string | undefined): Zone {
  if (name === undefined) return new NamedZone(undefined);
  const invalid = (cause?: unknown) =>
    new C1zError(
      'SSTITCH_OPTION_INVALID',
      `zone must be the name of a time zone, such as "UTC" or "Europe/Berlin", or an offset, such as "+02:00", not ${JSON.stringify(name)}`,
      { cause },
    );
  if (typeof name !== 'string' || name === '') throw invalid();
  if (name === 'UTC' || name === 'Z') return UTC;
  if (/^[+-]/.test(name)) {
    const offset = /^[+-]\d\d:\d\d$/.test(name) ? parseOffset(name) : undefined;
    if (offset === undefined) throw invalid();
    return { offsetSeconds: () => offset };
  }
  try {
    return new NamedZone(name);
  } catch (cause) {
    throw invalid(cause);
  }
}

/** Parses "+05", "+0545", "+05:45" or "+05:41:16" to seconds; undefined if the text is not an offset. */
export function parseOffset(text: string): number | undefined {
  const match = /^([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, hours, minutes = '0', seconds = '0'] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

/** The instant at which clocks of the zone show `clockSeconds`, which count as if the clock were in UTC. */
export function instantOf(clockSeconds: number, zone: Zone): number {
  // Go's rule: use the offset at the instant to which the offset at `clockSeconds` itself leads.
  const near = clockSeconds - zone.offsetSeconds(clockSeconds);
  return clockSeconds - zone.offsetSeconds(near);
}

const STEP_SECONDS = 3600;
/** The most cached hours: a hostile file may hold times of all ages. */
const MAX_KNOWN_STEPS = 50_000;

/** A named zone. Intl takes microseconds and every row has a time, so the offset of each hour is cached. */
class NamedZone implements Zone {
  readonly #format: Intl.DateTimeFormat;
  /** Offsets by hour; undefined for an hour in which the offset changes. */
  readonly #known = new Map<number, number | undefined>();

  constructor(timeZone: string | undefined) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  }

  offsetSeconds(unixSeconds: number): number {
    const step = Math.floor(unixSeconds / STEP_SECONDS);
    return this.#ofStep(step) ?? this.#ask(unixSeconds);
  }

  #ofStep(step: number): number | undefined {
    const known = this.#known.get(step);
    if (known !== undefined || this.#known.has(step)) return known;
    if (this.#known.size >= MAX_KNOWN_STEPS) this.#known.clear();
    const first = this.#ask(step * STEP_SECONDS);
    const last = this.#ask((step + 1) * STEP_SECONDS - 1);
    const offset = first === last ? first : undefined;
    this.#known.set(step, offset);
    return offset;
  }

  #ask(unixSeconds: number): number {
    const parts = this.#format.formatToParts(unixSeconds * 1000);
    const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    // "GMT+05:45", "GMT-04:56:02"; plain "GMT" means no offset.
    return text === 'GMT' ? 0 : (parseOffset(text.replace('GMT', '')) ?? unknownOffset(text));
  }
}

function unknownOffset(text: string): never {
  throw new Error(`not an offset: ${text}`);
}
