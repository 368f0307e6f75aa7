// Which files of a directory are complete, as far as can be told without opening them: their size and time are what
// they were an interval ago. Pure but for the look at the directory.
//
// Invariant: a file is given again only once it has changed, or where `retry` asked for it and its time has come.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatOfName } from '../../records/sync-format.js';

/** A file that can be read. */
export interface SettledFile {
  readonly name: string;
  readonly path: string;
  /** How often it was tried before, as it is now. */
  readonly attempts: number;
}

interface SeenFile {
  /** Size and time. */
  readonly state: string;
  isTaken: boolean;
  attempts: number;
  /** Not before. */
  retryAtMs: number;
}

const MAX_ATTEMPTS = 8;
const MAX_RETRY_MS = 60_000;

export class SettledFiles {
  readonly #directory: string;
  readonly #intervalMs: number;
  readonly #seen = new Map<string, SeenFile>();

  constructor(directory: string, intervalMs: number) {
    this.#directory = directory;
    this.#intervalMs = intervalMs;
  }

  /** Looks at the directory; returns the files to read now, by name. Each is taken. */
  look(nowMs: number): readonly SettledFile[] {
    const settled: SettledFile[] = [];
    const present = this.#present();
    for (const name of this.#seen.keys()) if (!present.has(name)) this.#seen.delete(name);
    for (const [name, state] of present) {
      const seen = this.#seen.get(name);
      if (seen?.state !== state) {
        this.#seen.set(name, { state, isTaken: false, attempts: 0, retryAtMs: 0 });
      } else if (!seen.isTaken && seen.retryAtMs <= nowMs) {
        seen.isTaken = true;
        const { attempts } = seen;
        settled.push({ name, path: join(this.#directory, name), attempts });
      }
    }
    return settled;
  }

  /** Has a file that could not be read given again later. Returns whether it will be, as it is now. */
  retry({ name }: SettledFile, nowMs: number): boolean {
    const seen = this.#seen.get(name);
    if (seen === undefined) return false;
    seen.attempts += 1;
    if (seen.attempts >= MAX_ATTEMPTS) return false;
    seen.isTaken = false;
    seen.retryAtMs = nowMs + Math.min(MAX_RETRY_MS, this.#intervalMs * 2 ** (seen.attempts - 1));
    return true;
  }

  #present(): ReadonlyMap<string, string> {
    const present = new Map<string, string>();
    for (const name of readdirSync(this.#directory).sort()) {
      if (name.startsWith('.') || formatOfName(name) === undefined) continue;
      const status = statSync(join(this.#directory, name), { throwIfNoEntry: false });
      if (status?.isFile()) present.set(name, `${status.size} ${status.mtimeMs} ${status.ino}`);
    }
    return present;
  }
}
