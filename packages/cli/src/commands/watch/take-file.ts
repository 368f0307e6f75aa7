// Imports the finished syncs of one file into the store.
import type { CommandContext } from '../../command-line/command-context.js';
import type { SyncChoice } from '../../command-line/sync-reference.js';
import { leavesDoubt } from '../../errors.js';
import { EXIT_CODES, type ExitCode } from '../../exit-codes.js';
import { type FileError, fileErrorOf } from '../../operations/failed-files.js';
import { loadFile } from '../../operations/load-file.js';
import { zoneOfSeveral } from '../../operations/open-input.js';
import { findSyncs } from '../../stores/find-syncs.js';
import type { SettledFile } from './settled-files.js';

/** The outcome for a file, for --json. */
export type TakenFile = {
  readonly file: string;
  readonly syncs: ReadonlyArray<{ readonly syncId: string; readonly grants: number }>;
} & (
  | {
      /**
       * `unchanged`: the file has no finished sync, or the store already holds each of them in this state or a later one.
       * `skipped`: the file is a sheet of grants, which holds less than the sync that it would replace.
       */
      readonly outcome: 'imported' | 'unchanged' | 'skipped';
    }
  | { readonly outcome: 'failed'; readonly error: FileError }
);

const FAULTS: readonly ExitCode[] = [EXIT_CODES.usage, EXIT_CODES.noSuchSync, EXIT_CODES.corrupt];
/** The codes of errors of the store, some of which exit as those of the file do. */
const STORE_CODES = /^(LEVEL|SSTITCH_(STORE|TABLES?|CLUSTER|VIEW))_/;

/** Thrown to end a load before anything is loaded. */
class NotTaken extends Error {
  readonly outcome: 'unchanged' | 'skipped';

  constructor(outcome: 'unchanged' | 'skipped') {
    super(outcome);
    this.outcome = outcome;
  }
}

/** Imports a file; reports a bad file in the outcome. @throws the signal's reason */
export async function takeFile(
  context: CommandContext,
  { path }: SettledFile,
  { into, zone, wait }: { readonly into: string; readonly zone: string | undefined; wait: number },
): Promise<TakenFile> {
  const { signal } = context;
  try {
    const file = { name: path, path, isRegular: true };
    const { syncs } = await loadFile(context, file, {
      ...{ into, sync: undefined, as: undefined, zone: zoneOfSeveral(zone), wait },
      // Read once the store is open: a command that had it before may have imported a later version.
      choose: async (input, store) => {
        if (input.format === 'csv') throw new NotTaken('skipped');
        const held = store === undefined ? [] : await findSyncs(store, signal);
        const chosen = newOf(await input.syncs(), held);
        if (chosen.length === 0) throw new NotTaken('unchanged');
        return chosen;
      },
    });
    return {
      ...{ file: path, outcome: 'imported' },
      syncs: syncs.map(({ syncId, stats }) => ({ syncId, grants: Number(stats.grants) })),
    };
  } catch (error) {
    // A commit of unknown outcome is reported even if the signal has fired.
    if (!leavesDoubt(error)) signal.throwIfAborted();
    if (error instanceof NotTaken) return { file: path, outcome: error.outcome, syncs: [] };
    return { file: path, outcome: 'failed', syncs: [], error: fileErrorOf(error) };
  }
}

/** Whether something is wrong with the file itself. Anything else, such as a damaged store or a full disk, may pass. */
export function isFaultOfFile({ code, exitCode }: FileError): boolean {
  return FAULTS.includes(exitCode) && !STORE_CODES.test(code);
}

/** The finished syncs that ended later than the store's syncs of their ids: the order of the files does not count. */
function newOf(choices: readonly SyncChoice[], held: readonly SyncChoice[]): readonly string[] {
  const heldEnds = new Map(held.map(({ syncId, endedAt }) => [syncId, endedAt?.getTime()]));
  return choices
    .filter(({ syncId, endedAt }) => {
      if (endedAt === undefined) return false;
      const heldEnd = heldEnds.get(syncId);
      return heldEnd === undefined || endedAt.getTime() > heldEnd;
    })
    .map(({ syncId }) => syncId);
}
