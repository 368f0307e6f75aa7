// A file of the disk model: which of its bytes a power cut or a failed write-back may lose.
//
// A system writes dirty bytes back at any time, and that may fail between any two steps. Then the bytes are
// lost. The next fsync of each descriptor that is open at that moment reports the error once; descriptors that
// are opened later never do. So an fsync makes durable what was written while its descriptor was open. Bytes
// written before are in doubt from then on: they are intact or zeroes until a descriptor that was open when
// they were written is fsynced. (An fsync that reports an error ends a recording: the faults family tests what
// follows.)

export interface FileNode {
  readonly kind: 'file';
  readonly id: number;
  readonly chunks: Uint8Array[];
  /** How many chunks an fsync has covered: they are on stable storage, except those in doubt. */
  synced: number;
  /** Indexes of chunks in doubt, which may be lost without an error being reported. */
  readonly doubtful: Set<number>;
  /** The last write may be torn. */
  mayBeTorn: boolean;
  /** The last write may become zeroes. */
  mayBeZeroed: boolean;
}

export interface OpenDescriptor {
  readonly file: FileNode;
  /** How many chunks the file had when the descriptor was opened. */
  readonly since: number;
}

/** The fate of a file's unsynced bytes and of those in doubt. */
export interface FileFate {
  readonly chunks: number;
  /** How many bytes of the next chunk are present. */
  readonly extraBytes: number;
  readonly zeroed: boolean;
  /** Whether the bytes in doubt are zeroes. */
  readonly lost: boolean;
}

/** Applies an fsync of a descriptor to its file; see the top of this file. */
export function syncFile({ file, since }: OpenDescriptor): void {
  for (let chunk = file.synced; chunk < since; chunk++) file.doubtful.add(chunk);
  for (const chunk of file.doubtful) if (chunk >= since) file.doubtful.delete(chunk);
  file.synced = file.chunks.length;
}

export function bytesOf({ chunks, doubtful }: FileNode, fate: FileFate | undefined): Uint8Array {
  if (fate === undefined) return Buffer.concat(chunks);
  const kept = chunks
    .slice(0, fate.chunks)
    .map((chunk, index) =>
      fate.lost && doubtful.has(index) ? new Uint8Array(chunk.byteLength) : chunk,
    );
  const extra = chunks[fate.chunks]?.subarray(0, fate.extraBytes);
  if (extra === undefined || extra.byteLength === 0) return Buffer.concat(kept);
  return Buffer.concat([...kept, fate.zeroed ? new Uint8Array(extra.byteLength) : extra]);
}

/**
 * Lists the possible fates: all bytes present; no unsynced byte; the last write torn at three places; the last
 * write as zeroes; all present with those in doubt as zeroes.
 */
export function fatesOf(file: FileNode): FileFate[] {
  const { chunks, synced, doubtful, mayBeTorn, mayBeZeroed } = file;
  const all: FileFate = { chunks: chunks.length, extraBytes: 0, zeroed: false, lost: false };
  const fates = [all];
  if (synced < chunks.length) {
    fates.push({ ...all, chunks: synced });
    const last = chunks.length - 1;
    const size = chunks[last]?.byteLength ?? 0;
    for (const extraBytes of new Set([1, size >>> 1, size - 1])) {
      if (mayBeTorn && extraBytes > 0 && extraBytes < size) {
        fates.push({ ...all, chunks: last, extraBytes });
      }
    }
    if (mayBeZeroed) fates.push({ ...all, chunks: last, extraBytes: size, zeroed: true });
  }
  if (doubtful.size > 0) fates.push({ ...all, lost: true });
  return fates;
}
