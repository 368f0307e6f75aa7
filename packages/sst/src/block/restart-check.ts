// Checks the restart points of a block. LevelDB searches a block by them. A restart point inside an entry can lead it to
// entries that a reader of the whole block does not see.

import { corrupt, type TableLocation } from '../errors.js';
import type { BlockReader } from './block-reader.js';

/** Checks that the restart points of a block are entries with full keys, in order, beginning with the first entry. */
export class RestartCheck {
  readonly #entries: BlockReader;
  readonly #at: TableLocation;
  #next = 0;

  /** @param entries a reader of the block, which visits each entry in order */
  constructor(entries: BlockReader, at: TableLocation) {
    this.#entries = entries;
    this.#at = at;
  }

  /** Checks the current entry. @throws SstError `SSTITCH_TABLE_CORRUPT` */
  visit(): void {
    const { entryStart, restartCount, sharedBytes } = this.#entries;
    const next = this.#next;
    // A reader begins at the first restart point.
    if (next === 0 && entryStart > 0) {
      throw corrupt(
        `the first restart point is not the start of the block, but ${entryStart}`,
        this.#at,
      );
    }
    if (next === restartCount || this.#entries.restartPoint(next) !== entryStart) return;
    if (sharedBytes !== 0) {
      throw corrupt(`the entry at restart point ${next} shares bytes of its key`, this.#at);
    }
    this.#next += 1;
  }

  /** Checks that no restart point is left, after the last entry. @throws SstError `SSTITCH_TABLE_CORRUPT` */
  finish(): void {
    // A block without entries has a restart point, too.
    if (this.#entries.entriesEnd === 0 || this.#next === this.#entries.restartCount) return;
    throw corrupt(`restart point ${this.#next} is not the start of an entry`, this.#at);
  }
}
