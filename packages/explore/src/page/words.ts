// Formats numbers, times, ids and texts from data for display.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];
const STEP = 1000;

/** Formats a size in decimal units. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${UNITS[unit]}`;
}

/** Formats a count, or a dash for an unknown one. */
export function countText(count: number | null | undefined): string {
  return count === null || count === undefined ? '–' : count.toLocaleString('en-US');
}

/** Formats a count of things. */
export function countOf(count: number, singular: string): string {
  return `${countText(count)} ${singular}${count === 1 ? '' : 's'}`;
}

/** Formats an ISO time as `2026-11-29 08:00`. */
export function timeText(time: string | null): string {
  return time === null ? '–' : time.slice(0, 16).replace('T', ' ');
}

/** Formats the time between two ISO times. */
export function durationText(from: string | null, to: string | null): string {
  if (from === null || to === null) return '–';
  const seconds = Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Shortens a sync id to its end. Syncs of one day share the beginning, which is the time. */
export function shortId(syncId: string): string {
  return `…${syncId.slice(-8)}`;
}

/** The name, or the id of what has none. An empty id is quoted, so that there is something to see and to click. */
export function nameText(name: string, id: string): string {
  return name || id || '""';
}

/** Formats `resource_type` as `resource types`. */
export function bucketText(bucket: string): string {
  return `${bucket.replaceAll('_', ' ')}s`;
}

/** Matches control, bidirectional and invisible characters, except the joiners that scripts and emoji need. */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A piece of a text from data: verbatim, or the escape of an invisible character. */
export interface TextPiece {
  readonly text: string;
  readonly isEscape: boolean;
}

/** Splits a text from data into pieces that are safe to show. */
export function safePieces(text: string): readonly TextPiece[] {
  const pieces: TextPiece[] = [];
  let from = 0;
  for (const { 0: unseen, index } of text.matchAll(UNSEEN)) {
    if (index > from) pieces.push({ text: text.slice(from, index), isEscape: false });
    const code = unseen.codePointAt(0) ?? 0;
    pieces.push({ text: `\\u{${code.toString(16)}}`, isEscape: true });
    from = index + unseen.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), isEscape: false });
  return pieces;
}

/** Escapes a text from data, for titles and labels. */
export function safeText(text: string): string {
  return safePieces(text)
    .map((piece) => piece.text)
    .join('');
}
