import type { Run } from '../../command-line/command-context.js';
import { patienceOf } from '../../operations/wait-for-store.js';
import { copyResult } from '../../reports/copy-report.js';

import { requireNoFile } from '../../stores/input-path.js';
import { withLocalStore } from '../../stores/open-store.js';

import type { checkpointCommand } from './command.js';

export const run: Run<typeof checkpointCommand> = async (context, input) => {
  const { store, directory, purge, format, wait } = input;
  requireNoFile(directory, 'SSTITCH_FILE_OPERATION');
  const copied = await withLocalStore(
    store,
    'refuse',
    (opened) => opened.checkpoint(directory, { signal: context.signal, purge, format }),
    patienceOf(context, wait),
  );
  return copyResult(context, directory, copied);
};
