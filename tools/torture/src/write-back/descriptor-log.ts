// Reads the log of native/watch-descriptors.c and derives which bytes of a file a failed write-back could have
// lost without an error being reported.
//
// All files of a store are append-only. So an fsync makes a range durable: from the size of the file when the
// fsynced descriptor was opened, because earlier bytes may have been lost before, to its current size.

export interface DescriptorEvent {
  readonly kind: 'open' | 'close' | 'sync' | 'fail' | 'lose';
  readonly inode: number;
  readonly descriptor: number;
  readonly sizeBytes: number;
  readonly path: string;
}

/** A mark in the log at which a process has declared files durable. */
export interface LogMark {
  readonly kind: 'mark';
  readonly files: readonly PromisedFile[];
}

export interface PromisedFile {
  readonly path: string;
  readonly inode: number;
  readonly sizeBytes: number;
}

const MARK = 'mark ';
const EVENT = /^(open|close|sync|fail|lose) (\d+) (\d+) (-?\d+) (.+)$/;

/** The line of a mark, which the process appends to the log. */
export function markLine(files: readonly PromisedFile[]): string {
  return `${MARK}${JSON.stringify(files)}\n`;
}

export function parseDescriptorLog(text: string): Array<DescriptorEvent | LogMark> {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      if (line.startsWith(MARK)) {
        return { kind: 'mark', files: JSON.parse(line.slice(MARK.length)) as PromisedFile[] };
      }
      const [, kind, inode, descriptor, sizeBytes, path = ''] = EVENT.exec(line) ?? [];
      if (kind === undefined) throw new Error(`the log has an unknown line: ${line}`);
      return {
        kind: kind as DescriptorEvent['kind'],
        inode: Number(inode),
        descriptor: Number(descriptor),
        sizeBytes: Number(sizeBytes),
        path,
      };
    });
}

/** The bytes from one offset, inclusive, to another, exclusive. */
export type ByteRange = readonly [from: number, to: number];

interface WatchedFile {
  /** Ranges that are on stable storage for certain, sorted and disjoint. */
  safe: ByteRange[];
  /** The end of the bytes that an fsync of any descriptor has covered, which are not dirty. */
  cleanBytes: number;
}

/** Tracks files through the events of a log. */
export class WatchedFiles {
  readonly #files = new Map<number, WatchedFile>();
  readonly #open = new Map<number, { readonly inode: number; readonly since: number }>();

  apply({ kind, inode, descriptor, sizeBytes }: DescriptorEvent): void {
    if (kind === 'open') {
      this.#open.set(descriptor, { inode, since: sizeBytes });
      // Bytes from before the log count as synced; an empty file is new.
      if (this.#files.has(inode) && sizeBytes > 0) return;
      this.#files.set(inode, { safe: [[0, sizeBytes]], cleanBytes: sizeBytes });
    } else if (kind === 'close') {
      this.#open.delete(descriptor);
    } else if (kind === 'sync') {
      const file = this.#files.get(inode);
      const { since = 0 } = this.#open.get(descriptor) ?? {};
      if (file === undefined) throw new Error('the log fsyncs a file that it did not open');
      file.safe = joined([...file.safe, [since, sizeBytes]]);
      file.cleanBytes = Math.max(file.cleanBytes, sizeBytes);
    }
  }

  /** The bytes that a failed write-back would lose now. */
  dirtyBytes({ inode, sizeBytes }: Pick<DescriptorEvent, 'inode' | 'sizeBytes'>): ByteRange {
    return [this.#files.get(inode)?.cleanBytes ?? sizeBytes, sizeBytes];
  }

  /** The bytes of a file that may not be on stable storage. */
  unsafeBytes({ inode, sizeBytes }: PromisedFile): ByteRange[] {
    const { safe } = this.#files.get(inode) ?? { safe: [[0, sizeBytes] as const] };
    const unsafe: ByteRange[] = [];
    let from = 0;
    for (const [start, end] of safe) {
      if (start > from) unsafe.push([from, start]);
      from = Math.max(from, end);
    }
    if (from < sizeBytes) unsafe.push([from, sizeBytes]);
    return unsafe;
  }
}

function joined(ranges: readonly ByteRange[]): ByteRange[] {
  const result: ByteRange[] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last === undefined || from > last[1]) result.push([from, to]);
    else result[result.length - 1] = [last[0], Math.max(last[1], to)];
  }
  return result;
}
