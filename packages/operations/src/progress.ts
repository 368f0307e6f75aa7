/** The progress of an operation. */
export interface OperationProgress {
  /** Records read so far, from all syncs. */
  readonly records: number;
}

/** Options of most operations. */
export interface OperationOptions {
  /** Aborts the operation. Before the commit, an abort leaves every engine unchanged. */
  readonly signal?: AbortSignal | undefined;
  /** Called from time to time. An error that it throws before the commit fails the operation. */
  readonly onProgress?: ((progress: OperationProgress) => void) | undefined;
}
