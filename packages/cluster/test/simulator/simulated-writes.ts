// The writes of a simulated process: how each is done, possibly on the condition of a view, and how the log shows it.
import type { Edit } from '../../src/log/edits.js';
import { commitRun } from '../../src/maintenance/commit-run.js';
import type { MaintenanceContext } from '../../src/maintenance/flush.js';
import type { View } from '../../src/protocol/log-client.js';
import { writeRun } from '../../src/runs/run-writer.js';
import type { StoreCore } from '../../src/store/store-core.js';
import { effectOf, KEYS, valueBytes } from './log-oracle.js';
import type { Random } from './random.js';
import { operationsOf, randomEntries, randomKeys, randomSpan } from './random-writes.js';

interface Work {
  readonly effect: string;
  readonly commit: (store: StoreCore, condition?: View) => Promise<void>;
}

/** Makes the work of an operation. @param contextOf the context in which a run is written */
export type MakeWork = (
  random: Random,
  operation: number,
  contextOf: (store: StoreCore) => MaintenanceContext,
) => Work;

export const batchWork: MakeWork = (random, operation) => {
  const entries = randomEntries(random, operation);
  return {
    effect: effectOf([], entries),
    commit: (store, condition) => store.write(operationsOf(entries), condition),
  };
};

/** A batch as a run of level 0. */
export const largeBatchWork: MakeWork = (random, operation, contextOf) => {
  const entries = randomEntries(random, operation);
  const commit: Work['commit'] = async (store, condition) => {
    const page = entries.map(([key, value]) => ({
      key: Uint8Array.of(key),
      value: value === 0 ? undefined : valueBytes(value),
      sequence: 0,
    }));
    const written = await writeRun([page], contextOf(store));
    if (written === undefined) return;
    const edits: Edit[] = [{ type: 'run', run: written.run }];
    await commitRun(condition ?? store.client, written, edits);
  };
  return { effect: effectOf([], entries), commit };
};

export const replacementWork: MakeWork = (random, operation) => {
  const span = randomSpan(random);
  const first = span.start[0] ?? 0;
  const keys = randomKeys(random).filter((key) => first < key && key < (span.end?.[0] ?? KEYS));
  const entries = [first, ...keys].map((key): [number, number] => [key, operation]);
  const pages = async function* () {
    yield entries.map(([key]): [Uint8Array, Uint8Array] => [
      Uint8Array.of(key),
      valueBytes(operation),
    ]);
  };
  const encoder = { key: (key: unknown) => key, value: (value: unknown) => value };
  const commit: Work['commit'] = async (store, condition) => {
    await store.replaceSpans([span], pages(), encoder, undefined, condition);
  };
  return { effect: effectOf([`${first}-${span.end?.[0] ?? ''}`], entries), commit };
};
