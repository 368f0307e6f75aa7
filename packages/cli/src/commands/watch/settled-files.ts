// Finds the files of a directory that seem complete, without opening them: their size and time have not changed
// for an interval.
//
// Invariant: a file is returned again only when it has changed, or when `retry` has asked for it and its time has come.
import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatOfName } from '../../records/sync-format.js';
import { namesIn } from '../../stores/input-path.js';

/** A file that can be read. */
export interface SettledFile {
  readonly name: string;
  readonly path: string;
}

interface SeenFile {
  /** The size and the time of the file. */
  readonly state: string;
  isTaken: boolean;
  /** How often it was tried in vain. */
  attempts: number;
  /** How often because something is wrong with the file itself. */
  faults: number;
  /** The earliest time of the next attempt. */
  retryAtMs: number;
}

const MAX_FAULTS = 8;
const MAX_RETRY_MS = 60_000;

export class SettledFiles {
  readonly #directory: string;
  readonly #intervalMs: number;
  readonly #seen = new Map<string, SeenFile>();

  constructor(directory: string, intervalMs: number) {
    this.#directory = directory;
    this.#intervalMs = intervalMs;
  }

  /**
   * Checks the directory; returns the files to read now, sorted by name, and marks them as taken.
   *
   * @throws CliError SSTITCH_INPUT_NOT_FOUND, SSTITCH_FILE_OPERATION
   */
  look(nowMs: number): readonly SettledFile[] {
    const settled: SettledFile[] = [];
    const present = this.#present();
    for (const name of this.#seen.keys()) if (!present.has(name)) this.#seen.delete(name);
    for (const [name, state] of present) {
      const seen = this.#seen.get(name);
      if (seen?.state !== state) {
        this.#seen.set(name, { state, isTaken: false, attempts: 0, faults: 0, retryAtMs: 0 });
      } else if (!seen.isTaken && seen.retryAtMs <= nowMs) {
        seen.isTaken = true;
        settled.push({ name, path: join(this.#directory, name) });
      }
    }
    return settled;
  }

  /**
   * Schedules another attempt to read a file.
   *
   * @param isFault whether something is wrong with the file itself, which few attempts can mend
   * @returns whether the file in its current state will be returned again
   */
  retry({ name }: SettledFile, nowMs: number, isFault: boolean): boolean {
    const seen = this.#seen.get(name);
    if (seen === undefined) return false;
    seen.attempts += 1;
    if (isFault) seen.faults += 1;
    if (isFault && seen.faults >= MAX_FAULTS) return false;
    seen.isTaken = false;
    seen.retryAtMs = nowMs + Math.min(MAX_RETRY_MS, this.#intervalMs * 2 ** (seen.attempts - 1));
    return true;
  }

  #present(): ReadonlyMap<string, string> {
    const present = new Map<string, string>();
    for (const name of namesIn(this.#directory)) {
      if (name.startsWith('.') || formatOfName(name) === undefined) continue;
      const status = statusOf(join(this.#directory, name));
      if (status?.isFile()) present.set(name, `${status.size} ${status.mtimeMs} ${status.ino}`);
    }
    return present;
  }
}

/** Undefined for a file that has disappeared or cannot be found, such as a link to itself: others must not wait for it. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
