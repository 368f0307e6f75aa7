// A file of the disk model: what of its bytes a power cut, or a failed write-back, may take.
//
// A system writes dirty bytes back when it likes, and that may fail between any two steps. Then the bytes are
// gone, and the error is reported once to each descriptor of the file that is open at that moment, by its next
// sync, and to none that is opened later. So a sync makes durable what was written while its descriptor was
// open. What was written before is in doubt from then on: it is there, or zeroes, until a descriptor that was
// open when it was written is synced. (A sync that reports an error ends the course of events that was recorded:
// the faults family tries what follows.)

export interface FileNode {
  readonly kind: 'file';
  readonly id: number;
  readonly chunks: Uint8Array[];
  /** How many of the chunks a sync has covered: they are on stable storage, but for those in doubt. */
  synced: number;
  /** Indexes of chunks that were lost, with nobody left to be told, or not. */
  readonly doubtful: Set<number>;
  /** Its last write may be there in part. */
  mayBeTorn: boolean;
  /** Its last write may turn out as zeroes. */
  mayBeZeroed: boolean;
}

export interface OpenDescriptor {
  readonly file: FileNode;
  /** How many chunks the file had when it was opened. */
  readonly since: number;
}

/** What became of a file's unsynced bytes, and of those in doubt. */
export interface FileFate {
  readonly chunks: number;
  /** How much of the chunk after those is there. */
  readonly extraBytes: number;
  readonly zeroed: boolean;
  /** What was in doubt is zeroes. */
  readonly lost: boolean;
}

/** What a sync of the descriptor makes of the file's bytes; see the head of this file. */
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
 * All; none of the unsynced; the last write split in three places; the last write as zeroes. Then all, with what
 * is in doubt as zeroes.
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
