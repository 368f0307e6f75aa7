/** How far an operation is. */
export interface OperationProgress {
  /** Records read so far, of all syncs that the operation reads. */
  readonly records: number;
}

/** What most operations take. */
export interface OperationOptions {
  /** Until the commit, aborting leaves every engine as it was. */
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time. What it throws before the commit ends the operation. */
  readonly onProgress?: ((progress: OperationProgress) => void) | undefined;
}
