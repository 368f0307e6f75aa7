import { nodeFileSystem, sequenceOf, TableReader, typeOf, userKeyOf } from '@sstitch/sst';
import type { Run } from '../../command-line/command-context.js';
import { describeEntry, entryLine } from '../../records/describe-entry.js';
import { requireFile } from '../../stores/input-path.js';
import type { sstDumpCommand } from './command.js';

export const run: Run<typeof sstDumpCommand> = async (_, { file, limit, raw }) => {
  requireFile(file);
  const reader = TableReader.open(nodeFileSystem, file);
  try {
    const iterator = reader.iterator();
    const entries: object[] = [];
    const lines: string[] = [];
    for (iterator.seekToFirst(); iterator.valid && entries.length < limit; iterator.next()) {
      const internalKey = iterator.key;
      const sequence = Number(sequenceOf(internalKey));
      const type = typeOf(internalKey);
      const entry = describeEntry(
        userKeyOf(internalKey),
        iterator.value,
        raw || type === 'deletion',
      );
      entries.push({ sequence, type, ...entry });
      lines.push(`${sequence}  ${type}  ${entryLine(entry)}\n`);
    }
    return { document: entries, text: lines.join('') };
  } finally {
    reader.close();
  }
};
