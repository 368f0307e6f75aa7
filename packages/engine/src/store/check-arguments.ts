// Checks at the public doors, for callers without TypeScript: what is wrong is refused before anything is done.
import { describeValue } from '@sstitch/contract';
import { EngineError } from '../errors.js';
import type { ExtractedTables } from '../extract/extract-tables.js';
import type { ForeignSpanTables } from '../tables/check-incoming.js';

/**
 * What `ingestAndExcise` takes, as far as its form goes.
 *
 * @throws EngineError SSTITCH_TABLES_INVALID
 */
export function checkTables(tables: ExtractedTables | readonly ForeignSpanTables[]): void {
  const refuse = (what: string): never => {
    throw new EngineError('SSTITCH_TABLES_INVALID', what);
  };
  if (typeof tables === 'object' && tables !== null && 'lastSequence' in tables) return;
  if (!Array.isArray(tables)) {
    refuse(
      `tables must be what extract gave, or an array of { span, runs }, not ${describeValue(tables)}`,
    );
    return;
  }
  for (const [index, part] of tables.entries()) {
    const runs: unknown = part?.runs;
    if (!Array.isArray(runs)) {
      refuse(`tables of span ${index}: runs must be an array of runs, not ${describeValue(runs)}`);
      return;
    }
    for (const run of runs as unknown[]) {
      if (Array.isArray(run) && run.every((path) => typeof path === 'string')) continue;
      refuse(`tables of span ${index}: a run must be an array of paths, not ${describeValue(run)}`);
    }
  }
}
