// One generation: a LevelDB directory, its open database, and who still reads it.
//
// Invariants:
// - the database stays open while the generation is current or has readers;
// - a retired generation without readers is closed and then deleted, once;
// - its directory is neither renamed nor removed before (docs/leveldb-rules.md, rule 19).
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

  /** Iterators and snapshots that are open on this generation. */
  get readers(): number {
    return this.#readers;
  }

  /** It is no longer current. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Ends when a retired generation is removed; undefined while it is current, or read. */
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

  /** No longer current: closes and deletes the generation as soon as nobody reads it. */
  retire(): void {
    this.#retired = true;
    this.#endIfDone();
  }

  /** Closes the database; deletes the directory too if the generation is retired. */
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
    // Whoever closes the store awaits this; until then a failure only leaves a directory behind, which
    // the next open removes.
    this.#end.catch(() => undefined);
  }

  async #closeAndRemove(): Promise<void> {
    await this.database.close();
    await this.#remove(this);
  }
}
