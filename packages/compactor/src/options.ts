// The options of `compact`, checked at the door.
import { KeysError, parseSyncId } from '@sstitch/keys';
import { type CompactBase, type CompactSource, hasMethods } from './engines.js';
import { CompactorError, inputError } from './errors.js';
import type { CompactProgress, Strategy } from './result.js';

export interface CompactOptions {
  /** What is changed: a Store, or any Engine; a plain abstract-level database takes batches only. */
  readonly base: CompactBase;
  /**
   * Where the new data are: a Store, a read-only store, any abstract-level database. At rest, best:
   * `link` takes the state at the time it extracts, the others that at the time of the call.
   */
  readonly source: CompactSource;
  /** Text forms of sync ids, each once. All are replaced in one commit. */
  readonly syncIds: readonly string[];
  /** @defaultValue 'auto' */
  readonly strategy?: 'auto' | Strategy;
  /**
   * What to do where the source holds nothing under an id: `remove` what the base holds, in the same
   * commit, and then reject with EmptySyncError; or `refuse` the whole compaction with that error.
   * @defaultValue 'remove'
   */
  readonly emptySource?: 'remove' | 'refuse';
  /**
   * Read every table of the source in full before the commit, and refuse a damaged one. Goes with the
   * strategy `link`, which `auto` takes then.
   * @defaultValue false
   */
  readonly verify?: boolean;
  /**
   * Leave no byte of what the syncs held, or of what was removed before, in any file of the base (the engine's
   * option of that name). `auto` takes no batch then, and the strategy `batch` is refused: it leaves old versions
   * in tables and logs.
   * @defaultValue false
   */
  readonly purge?: boolean;
  /** Until the commit, aborting leaves the base as it was. */
  readonly signal?: AbortSignal;
  /** What it throws before the commit fails the compaction, and the base is as it was. */
  readonly onProgress?: (event: CompactProgress) => void;
  /** Plan only: nothing is changed. @defaultValue false */
  readonly dryRun?: boolean;
}

/** Options with the defaults filled in. */
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
 * Checks options.
 *
 * @throws CompactorError SSTITCH_COMPACT_INPUT
 */
export function checkOptions(options: CompactOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) throw inputError('options are missing');
  const { base, source, signal, onProgress } = options;
  if (base == null) throw inputError('there is no base');
  if (source == null) throw inputError('there is no source');
  if (!hasMethods(base, ['iterator', 'snapshot', 'batch'])) {
    throw inputError('the base is no database: it lacks iterator, snapshot or batch');
  }
  if (!hasMethods(source, ['iterator', 'snapshot'])) {
    throw inputError('the source is no database: it lacks iterator or snapshot');
  }
  if ((base as unknown) === source) throw inputError('base and source are the same store');
  const strategy = options.strategy ?? 'auto';
  if (!STRATEGIES.includes(strategy)) throw inputError(`no such strategy: ${String(strategy)}`);
  const emptySource = options.emptySource ?? 'remove';
  if (!EMPTY_SOURCES.includes(emptySource)) {
    throw inputError(`emptySource is 'remove' or 'refuse', not ${String(emptySource)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw inputError('signal is no AbortSignal');
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw inputError('onProgress is no function');
  }
  if (options.verify !== undefined && typeof options.verify !== 'boolean') {
    throw inputError('verify is no boolean');
  }
  if (options.verify === true && strategy !== 'auto' && strategy !== 'link') {
    throw inputError(`verify goes with the strategy link, not ${strategy}`);
  }
  if (options.purge !== undefined && typeof options.purge !== 'boolean') {
    throw inputError('purge is no boolean');
  }
  if (options.purge === true && strategy === 'batch') {
    throw inputError('a batch leaves old versions behind: purge goes with link or rebuild');
  }
  if (options.dryRun !== undefined && typeof options.dryRun !== 'boolean') {
    throw inputError('dryRun is no boolean');
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
  if (!Array.isArray(syncIds)) throw inputError('syncIds is no array of sync ids');
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
    if (seen.has(syncId)) throw inputError(`sync id ${syncId} is given twice`);
    seen.add(syncId);
  }
  return [...seen];
}

/**
 * Waits for a database that is being opened.
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
