// The port through which a database is written: its files, one after another.

/** A whole file of a database. */
export interface DatabaseFile {
  /** A plain name, such as `000001.sst`. */
  readonly name: string;
  readonly sizeBytes: number;
  /** The contents, in pieces that follow one another. They are the sink's to keep. */
  readonly chunks: readonly Uint8Array[];
}

/**
 * Takes the files of a database, by ascending name, each once it is complete: a directory, an archive, an upload. The
 * next file is made when the promise is fulfilled. What it throws ends the writing, and passes through as it is.
 */
export type FileSink = (file: DatabaseFile) => void | Promise<void>;
