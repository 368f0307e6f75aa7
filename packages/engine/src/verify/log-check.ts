// Checks logs in full, oldest first, as LevelDB silently drops damaged records.
import type { FileSystem } from '@sstitch/sst';
import { EngineError } from '../errors.js';
import type { ProblemList, StoreProblem } from '../leveldb/problems.js';
import { scanLog } from '../leveldb/scan-log.js';
import type { ParsedBatch } from '../leveldb/write-batch.js';

/** The check of a generation's logs. Damage becomes problems, and torn ends become notes. */
export class LogCheck {
  readonly #fileSystem: FileSystem;
  readonly #problems: ProblemList;
  readonly #notes: StoreProblem[];
  /** The MANIFEST's last sequence. */
  readonly #lastSequence: number;
  readonly #checkCancelled: () => void;
  #nextSequence: number | undefined;
  /** The sequence of the first operation in the logs. */
  firstSequence: number | undefined;
  /** The number of operations in the logs. */
  operations = 0;

  constructor(
    fileSystem: FileSystem,
    lastSequence: number,
    found: { readonly problems: ProblemList; readonly notes: StoreProblem[] },
    checkCancelled: () => void,
  ) {
    this.#fileSystem = fileSystem;
    this.#lastSequence = lastSequence;
    this.#problems = found.problems;
    this.#notes = found.notes;
    this.#checkCancelled = checkCancelled;
  }

  /** Checks the next log. */
  check(path: string): void {
    this.#problems.collect('log', path, () => this.#checkLog(path));
  }

  #checkLog(path: string): void {
    const { damage, tornAt } = scanLog(this.#fileSystem, path, {
      checkCancelled: this.#checkCancelled,
      onBatch: (batch, offset) => this.#checkSequence(batch, path, offset),
    });
    if (damage !== undefined) throw damage;
    if (tornAt === undefined) return;
    const message = `a log ends in the middle of a record, as a crash leaves it (${path}, offset ${tornAt})`;
    this.#notes.push({ kind: 'log', path, offset: tornAt, message });
  }

  #checkSequence(batch: ParsedBatch, path: string, offset: number): void {
    // LevelDB numbers operations without gaps, even across logs.
    if (this.#nextSequence !== undefined && batch.sequence !== this.#nextSequence) {
      throw new EngineError(
        'SSTITCH_STORE_CORRUPT',
        `a batch of a log has the sequence ${batch.sequence} instead of ${this.#nextSequence}`,
        { path, offset },
      );
    }
    // The sequence that a flush records is not below the end of the log that it flushed.
    if (this.#nextSequence === undefined && batch.sequence > this.#lastSequence + 1) {
      throw new EngineError(
        'SSTITCH_STORE_CORRUPT',
        `the log begins at sequence ${batch.sequence}, but the MANIFEST ends at ${this.#lastSequence}: the writes between them are lost`,
        { path, offset },
      );
    }
    this.#nextSequence = batch.sequence + batch.operations;
    this.firstSequence ??= batch.sequence;
    this.operations += batch.operations;
  }
}
