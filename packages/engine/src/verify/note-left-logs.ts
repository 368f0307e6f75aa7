// Logs that lie in a store beside its generations: not wrong, but worth a word.

import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import type { StoreProblem } from '../leveldb/problems.js';
import { RECOVERY_DIRECTORY, SALVAGED_DIRECTORY } from '../store-directory/store-files.js';
import { defineTask } from '../threads/task.js';

export interface NoteLeftLogsInput {
  /** The store. */
  readonly root: string;
}

/** A note for each log that a salvage put aside, and each set of logs that the next open looks at. */
function noteLeftLogs(fileSystem: FileSystem, { root }: NoteLeftLogsInput): StoreProblem[] {
  const note = (path: string, what: string): StoreProblem => ({
    kind: 'log',
    path,
    message: `${what} (${path})`,
  });
  return [
    ...namesIn(fileSystem, `${root}/${SALVAGED_DIRECTORY}`).map((path) =>
      note(
        path,
        'a whole log of which a salvage kept a part: remove it when you have no use for it',
      ),
    ),
    ...namesIn(fileSystem, `${root}/${RECOVERY_DIRECTORY}`).map((path) =>
      note(path, 'logs that an opening kept and did not live to settle: the next open does'),
    ),
  ];
}

export const noteLeftLogsTask = defineTask('noteLeftLogs', noteLeftLogs);

function namesIn(fileSystem: FileSystem, directory: string): string[] {
  try {
    return fileSystem.readdir(directory).map((name) => `${directory}/${name}`);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
