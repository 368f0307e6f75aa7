// The environment in which a victim of the kill family works.
import type { FileSystem } from '@sstitch/sst';

/** What a victim's work uses. */
export interface VictimTools {
  /** Undefined to use the store's own, in its worker threads. */
  readonly fileSystem: FileSystem | undefined;
  readonly rounds: number;
  ready(): void;
}

/** The message of a victim that did not reach its point and dies after its last round. */
export const NOT_REACHED = 'point not reached\n';
