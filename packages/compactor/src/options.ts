// The options of `compact`, and their checks.
import { KeysError, parseSyncId } from '@sstitch/keys';
import { type CompactBase, type CompactSource, hasMethods } from './engines.js';
import { CompactorError, inputError } from './errors.js';
import type { CompactProgress, Strategy } from './result.js';

/** Options of `compact`. */
export interface CompactOptions {
  /** The database to change: a Store, any Engine, or a plain abstract-level database, which accepts only batches. */
  readonly base: CompactBase;
  /**
   * The database that holds the new versions: a Store, a read-only store, or any abstract-level database. It should not
   * be written to meanwhile: `link` takes its state at the time of the extract, the other strategies that at the time of
   * the call.
   */
  readonly source: CompactSource;
  /** The ids of the syncs to replace, in text form and without repetition. */
  readonly syncIds: readonly string[];
  /** How to change the base. @defaultValue 'auto' */
  readonly strategy?: 'auto' | Strategy;
  /**
   * What to do if the source holds nothing under an id: `remove` the base's records in the same commit, and then reject
   * with EmptySyncError; or `refuse` the whole compaction with that error.
   * @defaultValue 'remove'
   */
  readonly emptySource?: 'remove' | 'refuse';
  /**
   * Read in full, before the commit, every table of the source that holds a part of the syncs, and refuse a damaged one.
   * It requires the strategy `link`, which `auto` then picks.
   * @defaultValue false
   */
  readonly verify?: boolean;
  /**
   * Leave no byte of the old versions, or of anything removed earlier, in any file of the base (the engine's option
   * `purge`). `auto` then never picks `batch`, and the strategy `batch` is refused, as it leaves old versions in tables
   * and logs.
   * @defaultValue false
   */
  readonly purge?: boolean;
  /** Aborts the call. Aborting before the commit point leaves the base unchanged. */
  readonly signal?: AbortSignal;
  /** Called with progress events. What it throws before the commit ends the call; the base is unchanged. */
  readonly onProgress?: (event: CompactProgress) => void;
  /** Plan only, and change nothing. @defaultValue false */
  readonly dryRun?: boolean;
}

/** Checked options with defaults filled in. */
export interface CheckedOptions {
  readonly base: CompactBase;
  readonly source: CompactSource;
  readonly syncIds: readonly string[];
  readonly strategy: 'auto' | Strategy;
  readonly emptySource: 'remove' | 'refuse';
  readonly verify: boolean;
  readonly purge: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (event: CompactProgress) => void;
  readonly dryRun: boolean;
}

const STRATEGIES: readonly unknown[] = ['auto', 'link', 'rebuild', 'batch'];
const EMPTY_SOURCES: readonly unknown[] = ['remove', 'refuse'];

/**
 * Checks options and fills in defaults.
 *
 * @throws CompactorError SSTITCH_COMPACT_INPUT
 */
export function checkOptions(options: CompactOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) throw inputError('options are missing');
  const { base, source, signal, onProgress } = options;
  if (base == null) throw inputError('base is missing');
  if (source == null) throw inputError('source is missing');
  if (!hasMethods(base, ['iterator', 'snapshot', 'batch'])) {
    throw inputError('base is not a database: it lacks iterator, snapshot or batch');
  }
  if (!hasMethods(source, ['iterator', 'snapshot'])) {
    throw inputError('source is not a database: it lacks iterator or snapshot');
  }
  if ((base as unknown) === source) throw inputError('base and source are the same store');
  const strategy = options.strategy ?? 'auto';
  if (!STRATEGIES.includes(strategy)) {
    throw inputError(`strategy must be auto, link, rebuild or batch, not ${String(strategy)}`);
  }
  const emptySource = options.emptySource ?? 'remove';
  if (!EMPTY_SOURCES.includes(emptySource)) {
    throw inputError(`emptySource must be 'remove' or 'refuse', not ${String(emptySource)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw inputError('signal must be an AbortSignal');
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw inputError('onProgress must be a function');
  }
  if (options.verify !== undefined && typeof options.verify !== 'boolean') {
    throw inputError('verify must be true or false');
  }
  if (options.verify === true && strategy !== 'auto' && strategy !== 'link') {
    throw inputError(`verify requires the strategy link, not ${strategy}`);
  }
  if (options.purge !== undefined && typeof options.purge !== 'boolean') {
    throw inputError('purge must be true or false');
  }
  if (options.purge === true && strategy === 'batch') {
    throw inputError('purge requires the strategy link or rebuild: a batch leaves old versions');
  }
  if (options.dryRun !== undefined && typeof options.dryRun !== 'boolean') {
    throw inputError('dryRun must be true or false');
  }
  return {
    base,
    source,
    syncIds: checkSyncIds(options.syncIds),
    strategy,
    emptySource,
    verify: options.verify ?? false,
    purge: options.purge ?? false,
    signal,
    onProgress: onProgress ?? (() => undefined),
    dryRun: options.dryRun ?? false,
  };
}

function checkSyncIds(syncIds: unknown): readonly string[] {
  if (!Array.isArray(syncIds)) throw inputError('syncIds must be an array of sync ids');
  if (syncIds.length === 0) throw inputError('syncIds is empty');
  const seen = new Set<string>();
  for (const syncId of syncIds as readonly unknown[]) {
    if (typeof syncId !== 'string') throw inputError(`not a sync id: ${String(syncId)}`);
    try {
      parseSyncId(syncId);
    } catch (error) {
      if (error instanceof KeysError) throw inputError(error.message, error);
      throw error;
    }
    if (seen.has(syncId)) throw inputError(`sync id ${syncId} is repeated`);
    seen.add(syncId);
  }
  return [...seen];
}

/**
 * Waits until a database is open.
 *
 * @throws CompactorError SSTITCH_STORE_CLOSED
 */
export async function whenOpen(
  role: 'base' | 'source',
  engine: CompactBase | CompactSource,
): Promise<void> {
  let cause: unknown;
  if (engine.status === 'opening' && hasMethods(engine, ['open'])) {
    const { open } = engine as unknown as { open(options: { passive: true }): Promise<void> };
    try {
      await open.call(engine, { passive: true });
    } catch (error) {
      cause = error;
    }
  }
  if (engine.status === 'open') return;
  throw new CompactorError('SSTITCH_STORE_CLOSED', `the ${role} is not open: ${engine.status}`, {
    cause,
  });
}
