// Commits a run that was written, or drops it if no state will ever name it.
import type { Edit } from '../log/edits.js';
import { isUnknown } from '../protocol/commit-errors.js';
import type { Committed, LogClient } from '../protocol/log-client.js';
import type { WrittenRun } from '../runs/run-writer.js';

/**
 * Commits edits of which one names `written`; undefined for edits that name no run. A run that no state will ever name
 * is dropped. After SSTITCH_COMMIT_UNKNOWN it is left: the collector finds it by its intent.
 *
 * @param client a log client; a view, if the commit depends on it
 * @returns undefined if the condition of an edit no longer holds
 * @throws ClusterError as `LogClient.commit`
 */
export async function commitRun(
  client: Pick<LogClient, 'commit'>,
  written: WrittenRun | undefined,
  edits: readonly Edit[],
): Promise<Committed | undefined> {
  let committed: Committed | undefined;
  try {
    committed = await client.commit(edits);
  } catch (error) {
    if (!isUnknown(error)) await written?.drop();
    throw error;
  }
  if (committed === undefined) await written?.drop();
  else await written?.keep();
  return committed;
}
