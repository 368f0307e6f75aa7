// The log of native/watch-descriptors.c, and what it says of files: which of their bytes a failed write-back
// could have taken with nobody told.
//
// All files of a store are appended to. So what a sync makes durable is a range: from the size that the file had
// when the synced descriptor was opened, as earlier bytes may have been lost before, to the size it has.

export interface DescriptorEvent {
  readonly kind: 'open' | 'close' | 'sync' | 'fail' | 'lose';
  readonly inode: number;
  readonly descriptor: number;
  readonly sizeBytes: number;
  readonly path: string;
}

/** Where a process has said that something is promised. */
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

/** The line of a mark, which the process itself appends to the log. */
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
      if (kind === undefined) throw new Error(`the log has a line that is none: ${line}`);
      return {
        kind: kind as DescriptorEvent['kind'],
        inode: Number(inode),
        descriptor: Number(descriptor),
        sizeBytes: Number(sizeBytes),
        path,
      };
    });
}

/** Bytes from one offset to another, which is not one of them. */
export type ByteRange = readonly [from: number, to: number];

interface WatchedFile {
  /** On stable storage, and no error before can have been lost. Sorted, disjoint. */
  safe: ByteRange[];
  /** Up to here a sync of any descriptor has come: these bytes are not dirty. */
  cleanBytes: number;
}

/** Follows the events of a log. */
export class WatchedFiles {
  readonly #files = new Map<number, WatchedFile>();
  readonly #open = new Map<number, { readonly inode: number; readonly since: number }>();

  apply({ kind, inode, descriptor, sizeBytes }: DescriptorEvent): void {
    if (kind === 'open') {
      this.#open.set(descriptor, { inode, since: sizeBytes });
      // What there was before the log began was synced long ago; an empty file is a new one.
      if (this.#files.has(inode) && sizeBytes > 0) return;
      this.#files.set(inode, { safe: [[0, sizeBytes]], cleanBytes: sizeBytes });
    } else if (kind === 'close') {
      this.#open.delete(descriptor);
    } else if (kind === 'sync') {
      const file = this.#files.get(inode);
      const { since = 0 } = this.#open.get(descriptor) ?? {};
      if (file === undefined) throw new Error('the log syncs a file that it did not open');
      file.safe = joined([...file.safe, [since, sizeBytes]]);
      file.cleanBytes = Math.max(file.cleanBytes, sizeBytes);
    }
  }

  /** What a failed write-back takes now. */
  dirtyBytes({ inode, sizeBytes }: Pick<DescriptorEvent, 'inode' | 'sizeBytes'>): ByteRange {
    return [this.#files.get(inode)?.cleanBytes ?? sizeBytes, sizeBytes];
  }

  /** Bytes of a file that are not known to be on stable storage. */
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
