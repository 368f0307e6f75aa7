// A generation: a LevelDB directory, its open database, and a count of its readers.
//
// Invariants:
// - the database stays open while the generation is current or has readers;
// - a retired generation without readers is closed and then removed, once;
// - its directory is neither renamed nor removed before that (docs/leveldb-rules.md, rule 19).
import type { LevelDatabase } from '../leveldb/level-database.js';

export class Generation {
  readonly number: number;
  readonly directory: string;
  readonly database: LevelDatabase;
  readonly #remove: (generation: Generation) => Promise<void>;
  #readers = 0;
  #retired = false;
  #end: Promise<void> | undefined;
  #closing = false;

  constructor(
    number: number,
    directory: string,
    database: LevelDatabase,
    remove: (generation: Generation) => Promise<void>,
  ) {
    this.number = number;
    this.directory = directory;
    this.database = database;
    this.#remove = remove;
  }

  /** How many iterators, snapshots and operations use this generation. */
  get readers(): number {
    return this.#readers;
  }

  /** Whether the generation is no longer current. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Settles when the retired generation is removed. Undefined while it is current or has readers. */
  get removal(): Promise<void> | undefined {
    return this.#end;
  }

  retain(): void {
    this.#readers++;
  }

  release(): void {
    this.#readers--;
    this.#endIfDone();
  }

  /** Marks the generation as past. It is closed and removed once it has no readers. */
  retire(): void {
    this.#retired = true;
    this.#endIfDone();
  }

  /** Closes the database. If the generation is retired, removes its directory too. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#retired) {
      this.#end ??= this.#closeAndRemove();
      await this.#end;
    } else {
      await this.database.close();
    }
  }

  #endIfDone(): void {
    if (!this.#retired || this.#readers > 0 || this.#closing || this.#end !== undefined) return;
    this.#end = this.#closeAndRemove();
    // The close of the store awaits this. A failure before that only leaves a directory, which the next open removes.
    this.#end.catch(() => undefined);
  }

  async #closeAndRemove(): Promise<void> {
    await this.database.close();
    await this.#remove(this);
  }
}
