// Which compression a file has: by its first bytes where it is read, by its name where it is written.

/** How a file is compressed. */
export type Compression = 'gzip' | 'zstd';

const NAMES: ReadonlyArray<readonly [ending: string, Compression]> = [
  ['.gz', 'gzip'],
  ['.zst', 'zstd'],
];

/** What a stream of each compression begins with. The second of zstd is that of a frame to be skipped. */
const MAGICS: ReadonlyArray<readonly [Compression, readonly (readonly [number, number])[]]> = [
  [
    'gzip',
    [
      [0x1f, 0xff],
      [0x8b, 0xff],
    ],
  ],
  [
    'zstd',
    [
      [0x28, 0xff],
      [0xb5, 0xff],
      [0x2f, 0xff],
      [0xfd, 0xff],
    ],
  ],
  [
    'zstd',
    [
      [0x50, 0xf0],
      [0x2a, 0xff],
      [0x4d, 0xff],
      [0x18, 0xff],
    ],
  ],
];

/** Of a file so much is looked at. */
export const MAGIC_BYTES = 4;

/** A file's name, and what it says of the compression. */
export interface NameParts {
  /** The name without `.gz` or `.zst`. */
  readonly name: string;
  /** Undefined for a file that is not compressed. */
  readonly compression: Compression | undefined;
}

/** What the name of a file says: `.gz` and `.zst`, in whatever case. */
export function splitCompression(name: string): NameParts {
  const lower = name.toLowerCase();
  for (const [ending, compression] of NAMES) {
    if (lower.endsWith(ending)) return { name: name.slice(0, -ending.length), compression };
  }
  return { name, compression: undefined };
}

/** What the first bytes of a file say; four are enough. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  return MAGICS.find(([, magic]) =>
    magic.every(([byte, mask], at) => ((head[at] ?? -1) & mask) === byte),
  )?.[0];
}
