// Notes about logs that lie in a store outside its generations, which is not a problem.

import type { FileSystem } from '@sstitch/sst';
import { errorCodeOf } from '../errors.js';
import type { StoreProblem } from '../leveldb/problems.js';
import { RECOVERY_DIRECTORY, SALVAGED_DIRECTORY } from '../store-directory/store-files.js';
import { defineTask } from '../threads/task.js';

export interface NoteLeftLogsInput {
  /** The store's directory. */
  readonly root: string;
}

/** Returns a note for each log that a salvage kept, and for each set of logs that the next open will settle. */
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
        'a complete log, of which a salvage dropped a part: remove it if you do not need it',
      ),
    ),
    ...namesIn(fileSystem, `${root}/${RECOVERY_DIRECTORY}`).map((path) =>
      note(path, 'logs that an interrupted open kept: the next open replays or removes them'),
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
