// The port through which the files of a database are written, one after another.

/** A whole file of a database. */
export interface DatabaseFile {
  /** A plain name, such as `000001.sst`. */
  readonly name: string;
  /** The size of the file. */
  readonly sizeBytes: number;
  /** The contents in consecutive pieces, which the sink may keep. */
  readonly chunks: readonly Uint8Array[];
}

/**
 * Receives the files of a database, such as for a directory, an archive or an upload: in ascending order of
 * their names, each when it is complete. The next file is built when the promise has fulfilled. An error of the
 * sink ends the writing and is thrown unchanged.
 */
export type FileSink = (file: DatabaseFile) => void | Promise<void>;
