// Checks tables that somebody else made before LevelDB, which trusts every length in them, sees them.

import { compareBytes, type Span } from '@sstitch/contract';
import { type FileSystem, userKeyOf, verifyTable } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import { type HeldFiles, holdingFiles, type WithUnsynced } from '../files/held-files.js';
import { describeKind } from '../files/regular-file.js';
import { defineTask } from '../threads/task.js';
import { type CheckedTable, checkRunOrder } from './check-run-order.js';
import type { SpanTables, TableFile, TableSet } from './table-set.js';

/** Foreign sequences end far below 2^53, up to which MANIFESTs are read: the store goes on from there. */
const MAX_FOREIGN_SEQUENCE = 2 ** 52;

/** A table file that a caller brings, with nothing known of it but where it is. */
export interface ForeignSpanTables {
  readonly span: Span;
  /** Runs, oldest first; the paths of a run in key order. */
  readonly runs: ReadonlyArray<readonly string[]>;
}

/**
 * Parses every table in full and gives the set that the commit takes. Their files are held, to be synced: what their
 * writer has not synced is not durable yet, but what went wrong before they were opened here is not reported.
 *
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
 * The file behind a path, which may be a link: the store would else take the link itself. A pipe would be
 * read for ever.
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
 * Checks what ties tables to their spans: each table wholly inside its span, runs ordered, and no
 * user key in two tables of a run.
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
