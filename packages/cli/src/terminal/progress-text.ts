// Formats progress: a bar if the total is known, and the rate and the remaining time once they can be estimated.
import { formatBytes, formatCount, formatDuration } from '../output/quantities.js';

/** The progress of a task. */
export interface Progress {
  /** What the task does. A different text restarts the measurement of the rate. */
  readonly doing: string;
  /** How much is done, in `unit`s. */
  readonly done?: number | undefined;
  /** How much there is to do; undefined if unknown. */
  readonly total?: number | undefined;
  /** What is counted: `bytes`, or a plural noun. */
  readonly unit?: string | undefined;
}

/** What a rate is computed from. */
export interface Pace {
  readonly elapsedMs: number;
  /** How many units were done in this time. */
  readonly advanced: number;
}

/** No rate is shown before this time: it would be a guess. */
const SETTLED_MS = 1000;
const BAR_COLUMNS = 24;

/** Formats progress as one line of at most `columns` characters. */
export function progressText({ doing, done, total, unit }: Progress, pace: Pace, columns: number) {
  if (done === undefined || unit === undefined) return doing.slice(0, columns);
  const amount = (units: number) => (unit === 'bytes' ? formatBytes(units) : formatCount(units));
  const named = (units: string) => (unit === 'bytes' ? units : `${units} ${unit}`);
  const perSecond = pace.elapsedMs < SETTLED_MS ? 0 : (pace.advanced / pace.elapsedMs) * 1000;
  const rate = perSecond > 0 ? `, ${amount(Math.round(perSecond))}/s` : '';
  if (total === undefined || total <= 0) {
    return `${doing}: ${named(amount(done))}${rate}`.slice(0, columns);
  }
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR_COLUMNS);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR_COLUMNS - filled)}]`;
  const left =
    perSecond > 0 && done < total
      ? `, ${formatDuration(((total - done) / perSecond) * 1000)} left`
      : '';
  const head = `${doing} ${String(Math.floor(share * 100)).padStart(3)} %`;
  // The total may be an estimate.
  const figures = `${amount(done)} of ${named(amount(Math.max(done, total)))}${rate}${left}`;
  const whole = `${head} ${bar} ${figures}`;
  // The figures matter more than the bar.
  return (whole.length <= columns ? whole : `${head} ${figures}`).slice(0, columns);
}
