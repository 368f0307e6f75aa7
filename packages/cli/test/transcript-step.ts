import type { RunOptions } from './in-process.js';

/** A command line of a transcript. */
export interface Step {
  readonly line: string;
  /** Further words of the command line, which the transcript shows as JSON. */
  readonly words?: readonly string[];
  readonly options?: RunOptions;
  /** Runs in the scene before the command line. */
  readonly before?: (scene: string) => void;
}
