// The options of a ClusterStore, and the checks of what callers pass, since not all of them use TypeScript.
import { describeValue, isBytes, problemOfSpans, type Span } from '@sstitch/contract';
import type { AbstractDatabaseOptions } from 'abstract-level';
import { ClusterError } from '../errors.js';
import type { ClusterPort } from '../port.js';

const KIB = 1024;

/** Options of a `ClusterStore`. */
export interface ClusterStoreOptions<K, V> extends AbstractDatabaseOptions<K, V> {
  /**
   * How long the process may be unable to renew its lease, in milliseconds. Then its reads fail with
   * SSTITCH_LEASE_LOST, and the store must be opened again. Other processes wait twice as long before they delete what
   * it reads. All processes of a store need the same value.
   * @defaultValue 30_000
   */
  readonly leaseMs?: number;
  /**
   * The size of the blocks that the store writes, in bytes, from 1 KiB to 1 MiB. A lookup reads a block: smaller ones
   * suit lookups of keys that are not cached, larger ones suit scans.
   * @defaultValue 32 KiB
   */
  readonly blockSizeBytes?: number;
  /**
   * The size of a cache of the store's own, in bytes; 0 for none.
   * @defaultValue none: the stores of a process share a cache of 64 MiB
   */
  readonly cacheBytes?: number;
  /**
   * Whether the store flushes, merges, folds, checkpoints and collects by itself after its commits, or only when its methods
   * are called.
   * @defaultValue 'automatic'
   */
  readonly maintenance?: 'automatic' | 'manual';
}

/** The options with their defaults. */
export interface CheckedOptions {
  readonly leaseMs: number;
  readonly blockSizeBytes: number;
  readonly cacheBytes: number | undefined;
  readonly isAutomatic: boolean;
}

/** @throws ClusterError SSTITCH_OPTION_INVALID */
export function checkStoreOptions<K, V>(options: ClusterStoreOptions<K, V>): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw optionInvalid(`options must be an object, not ${describeValue(options)}`);
  }
  const { leaseMs = 30_000, blockSizeBytes = 32 * KIB, cacheBytes, maintenance } = options;
  checkNumber('leaseMs', leaseMs, 1, 24 * 60 * 60 * 1000);
  checkNumber('blockSizeBytes', blockSizeBytes, KIB, KIB * KIB);
  if (cacheBytes !== undefined) checkNumber('cacheBytes', cacheBytes, 0, Number.MAX_SAFE_INTEGER);
  if (maintenance !== undefined && maintenance !== 'automatic' && maintenance !== 'manual') {
    throw optionInvalid("maintenance must be 'automatic' or 'manual'");
  }
  return { leaseMs, blockSizeBytes, cacheBytes, isAutomatic: maintenance !== 'manual' };
}

function checkNumber(name: string, value: unknown, least: number, most: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) {
    return;
  }
  const given = typeof value === 'number' ? String(value) : describeValue(value);
  throw optionInvalid(`${name} must be a whole number from ${least} to ${most}, not ${given}`);
}

/** @throws ClusterError SSTITCH_OPTION_INVALID */
export function checkPort(port: unknown): asserts port is ClusterPort {
  if (typeof (port as Partial<ClusterPort> | null)?.appendSlot === 'function') return;
  throw optionInvalid(
    `the first argument must be the port of a store, as a connection's store() returns, not ${describeValue(port)}`,
  );
}

/** @throws ClusterError SSTITCH_OPTION_INVALID */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw optionInvalid(`signal must be an AbortSignal, not ${describeValue(signal)}`);
}

export function optionInvalid(message: string): ClusterError {
  return new ClusterError('SSTITCH_OPTION_INVALID', message);
}

/**
 * Checks spans and returns a copy.
 *
 * @throws ClusterError SSTITCH_SPANS_INVALID
 */
export function checkSpans(spans: readonly Span[]): Span[] {
  if (!Array.isArray(spans)) {
    throw spansInvalid(`spans must be an array of { start, end }, not ${describeValue(spans)}`);
  }
  for (const [index, span] of (spans as readonly (Span | undefined)[]).entries()) {
    if (!isBytes(span?.start)) {
      throw spansInvalid(
        `span ${index}: start must be a Uint8Array, not ${describeValue(span?.start)}`,
      );
    }
    // A misspelt `end` would otherwise mean "unbounded".
    if (!('end' in span)) {
      throw spansInvalid(`span ${index} has no end: for an unbounded span pass end: undefined`);
    }
    if (span.end !== undefined && !isBytes(span.end)) {
      throw spansInvalid(`span ${index}: end must be a Uint8Array, not ${describeValue(span.end)}`);
    }
  }
  const problem = problemOfSpans(spans);
  if (problem !== undefined) throw spansInvalid(problem);
  return spans.map(({ start, end }: Span) => ({
    start: new Uint8Array(start),
    end: end === undefined ? undefined : new Uint8Array(end),
  }));
}

function spansInvalid(message: string): ClusterError {
  return new ClusterError('SSTITCH_SPANS_INVALID', message);
}
