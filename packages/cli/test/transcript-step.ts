import type { RunOptions } from './in-process.js';

/** A command line of a transcript. */
export interface Step {
  readonly line: string;
  /** More words, which the transcript shows as JSON. */
  readonly words?: readonly string[];
  readonly options?: RunOptions;
  /** Done first, in the scene. */
  readonly before?: (scene: string) => void;
}
