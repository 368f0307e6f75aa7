import { toHex } from '@sstitch/keys';
import { nodeFileSystem, userKeyOf, verifyTable } from '@sstitch/sst';
import type { Run } from '../../command-line/command-context.js';
import { formatBytes, formatCountOf } from '../../output/quantities.js';
import { requireFile } from '../../stores/input-path.js';
import type { sstVerifyCommand } from './command.js';

export const run: Run<typeof sstVerifyCommand> = async ({ style }, { file }) => {
  requireFile(file);
  const table = verifyTable(nodeFileSystem, file);
  const { sizeBytes, entries, deletions, smallestSequence, largestSequence } = table;
  const smallest = toHex(userKeyOf(table.smallest));
  const largest = toHex(userKeyOf(table.largest));
  return {
    document: {
      ok: true,
      file,
      sizeBytes,
      entries,
      deletions,
      smallest,
      largest,
      smallestSequence,
      largestSequence,
    },
    summary:
      `${style.good('ok')}: ${formatCountOf(entries, 'entry', 'entries')} (${formatCountOf(deletions, 'deletion')}), ` +
      `${formatBytes(sizeBytes)}, sequences ${smallestSequence} to ${largestSequence}\n` +
      `first key ${smallest}\nlast key  ${largest}\n`,
  };
};
