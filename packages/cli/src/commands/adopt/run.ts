import { adopt } from '@sstitch/engine';
import type { Run } from '../../command-line/command-context.js';
import { copyResult } from '../../reports/copy-report.js';
import { requireDatabase, requireStorePlace } from '../../stores/input-path.js';
import type { adoptCommand } from './command.js';

export const run: Run<typeof adoptCommand> = async (context, { leveldb, store }) => {
  const { progress, signal } = context;
  requireDatabase(leveldb);
  requireStorePlace(store, 'SSTITCH_FILE_OPERATION');
  const copied = await adopt(leveldb, store, {
    signal,
    onProgress: ({ tables, ofTables }) =>
      progress.update({ doing: 'checking', done: tables, total: ofTables, unit: 'tables' }),
  });
  return copyResult(context, store, copied);
};
