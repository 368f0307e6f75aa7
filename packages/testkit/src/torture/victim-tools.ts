// What a victim of the kill family works with.
import type { FileSystem } from '@sstitch/sst';

/** What the work is done with. */
export interface VictimTools {
  /** Undefined for the store's own, in threads. */
  readonly fileSystem: FileSystem | undefined;
  readonly rounds: number;
  ready(): void;
}
