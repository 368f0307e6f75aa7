// Checks the arguments of the public methods other than options and spans, since not all callers use TypeScript.
import { describeValue } from '@sstitch/contract';
import { optionInvalid } from '../check-options.js';
import { EngineError } from '../errors.js';
import type { ForeignSpanTables } from '../tables/check-incoming.js';
import type { TableSource } from './transfer-options.js';

/** @throws EngineError SSTITCH_OPTION_INVALID */
export function checkSource(source: TableSource): void {
  if (typeof (source as Partial<TableSource> | null | undefined)?.extract === 'function') return;
  throw optionInvalid(
    `the source must be a Store, a ReadOnlyStore or an object with extract(), not ${describeValue(source)}`,
  );
}

/**
 * Checks the shape of tables that the caller made, but not the tables themselves.
 *
 * @throws EngineError SSTITCH_TABLES_INVALID
 */
export function checkForeignTables(tables: unknown): readonly ForeignSpanTables[] {
  if (!Array.isArray(tables)) {
    throw tablesInvalid(
      `tables must be what extract returned, or an array of { span, runs }, not ${describeValue(tables)}`,
    );
  }
  const given = tables as readonly (Partial<ForeignSpanTables> | null | undefined)[];
  for (const [index, part] of given.entries()) {
    const place = `tables of span ${index}`;
    const runs: unknown = part?.runs;
    if (!Array.isArray(runs)) {
      throw tablesInvalid(`${place}: runs must be an array of runs, not ${describeValue(runs)}`);
    }
    for (const run of runs as unknown[]) {
      if (Array.isArray(run) && run.every((path) => typeof path === 'string')) continue;
      throw tablesInvalid(`${place}: a run must be an array of paths, not ${describeValue(run)}`);
    }
  }
  return tables as readonly ForeignSpanTables[];
}

function tablesInvalid(message: string): EngineError {
  return new EngineError('SSTITCH_TABLES_INVALID', message);
}
