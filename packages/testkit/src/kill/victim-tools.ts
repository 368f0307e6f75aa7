// What a victim of the kill family works with.
import type { FileSystem } from '@sstitch/sst';

/** What the work is done with. */
export interface VictimTools {
  /** Undefined for the store's own, in threads. */
  readonly fileSystem: FileSystem | undefined;
  readonly rounds: number;
  ready(): void;
}

/** What a victim says that did not come to its point, and dies after its last round. */
export const NOT_REACHED = 'point not reached\n';
