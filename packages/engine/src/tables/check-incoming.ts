// Checks tables that callers made, before LevelDB sees them: it trusts every length in a table.

import { compareBytes, type Span } from '@sstitch/contract';
import { type FileSystem, userKeyOf, verifyTable } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { type HeldFiles, holdingFiles, type WithUnsynced } from '../files/held-files.js';
import { describeKind } from '../files/regular-file.js';
import { defineTask } from '../threads/task.js';
import { type CheckedTable, checkRunOrder } from './check-run-order.js';
import type { SpanTables, TableFile, TableSet } from './table-set.js';

/** The limit of foreign sequences. The store counts on from them, and MANIFESTs are read up to 2^53. */
const MAX_FOREIGN_SEQUENCE = 2 ** 52;

/** Tables for one span that the caller made. */
export interface ForeignSpanTables {
  /** The span that the tables fill. Every key of theirs lies in it. */
  readonly span: Span;
  /** Runs, oldest first. A run is the paths of its tables, in key order. */
  readonly runs: ReadonlyArray<readonly string[]>;
}

/**
 * Parses every table in full. The files are held and fsynced before the commit, in case their writer did not fsync them.
 * A write-back error that occurred before they were opened here is not reported.
 *
 * @returns the set of tables that the commit takes
 * @throws SstError for a malformed table; EngineError SSTITCH_TABLES_INVALID
 */
function checkIncomingTables(
  fileSystem: FileSystem,
  input: { readonly spans: readonly ForeignSpanTables[] },
  checkCancelled: () => void,
): TableSet & WithUnsynced {
  return holdingFiles(fileSystem, (held) => checkTables(fileSystem, input, held, checkCancelled));
}

export const checkIncomingTablesTask = defineTask('checkIncomingTables', checkIncomingTables);

function checkTables(
  fileSystem: FileSystem,
  input: { readonly spans: readonly ForeignSpanTables[] },
  held: HeldFiles,
  checkCancelled: () => void,
): TableSet {
  let lastSequence = 0;
  const spans = input.spans.map(({ span, runs }): SpanTables => {
    const checked = runs.map((run) =>
      run.map((given): CheckedTable => {
        checkCancelled();
        const path = fileOf(fileSystem, given);
        held.open(path, 'read').close();
        const table = verifyTable(fileSystem, path);
        if (table.largestSequence > MAX_FOREIGN_SEQUENCE) {
          throw new EngineError('SSTITCH_TABLES_INVALID', 'a table has a sequence above 2^52', {
            path,
          });
        }
        lastSequence = Math.max(lastSequence, table.largestSequence);
        return { ...table, path };
      }),
    );
    checkRunOrder(fileSystem, checked, checkCancelled);
    return {
      span,
      runs: checked.map((run) =>
        run.map(({ path, sizeBytes, smallest, largest }): TableFile => {
          return { path, sizeBytes, smallest, largest, origin: 'built' };
        }),
      ),
    };
  });
  return { spans, lastSequence };
}

/**
 * Resolves symbolic links, of which a hard link would be made otherwise, and refuses anything but a file: a pipe might
 * never end.
 */
function fileOf(fileSystem: FileSystem, given: string): string {
  const path = fileSystem.realPath(given);
  const { kind } = fileSystem.status(path);
  if (kind === 'file') return path;
  throw new EngineError('SSTITCH_TABLES_INVALID', `${describeKind(kind)} is not a table`, {
    path: given,
  });
}

/**
 * Checks that each table lies inside its span, that runs are in key order, and that no user key lies in two tables of a
 * run.
 *
 * @throws EngineError SSTITCH_TABLES_INVALID
 */
export function checkRuns(spans: readonly SpanTables[]): void {
  for (const { span, runs } of spans) {
    for (const run of runs) {
      let before: TableFile | undefined;
      for (const table of run) {
        const smallest = userKeyOf(table.smallest);
        const largest = userKeyOf(table.largest);
        const inside =
          compareBytes(span.start, smallest) <= 0 &&
          compareBytes(smallest, largest) <= 0 &&
          (span.end === undefined || compareBytes(largest, span.end) < 0);
        if (!inside) {
          throw new EngineError('SSTITCH_TABLES_INVALID', 'a table has keys outside its span', {
            path: table.path,
          });
        }
        if (before && compareBytes(userKeyOf(before.largest), smallest) >= 0) {
          throw new EngineError(
            'SSTITCH_TABLES_INVALID',
            'tables of a run are out of order or share a key',
            { path: table.path },
          );
        }
        before = table;
      }
    }
  }
}
