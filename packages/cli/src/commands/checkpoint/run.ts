import type { Run } from '../../command-line/command-context.js';
import { copyResult } from '../../reports/copy-report.js';
import { requireStorePlace } from '../../stores/input-path.js';
import { withStoreOrCopy } from '../../stores/open-store.js';
import type { checkpointCommand } from './command.js';

export const run: Run<typeof checkpointCommand> = async (context, input) => {
  const { signal } = context;
  const { store, directory, purge, format } = input;
  requireStorePlace(directory, 'SSTITCH_FILE_OPERATION');
  const copied = await withStoreOrCopy(store, signal, (opened) =>
    opened.checkpoint(directory, { signal, purge, format }),
  );
  return copyResult(context, directory, copied);
};
