// Finds the compression of a file: by its first bytes for reading, by its name for writing.

/** How a file is compressed. */
export type Compression = 'gzip' | 'zstd';

const NAMES: ReadonlyArray<readonly [ending: string, Compression]> = [
  ['.gz', 'gzip'],
  ['.zst', 'zstd'],
];

/** The first bytes of each compression. The second entry of zstd is a skippable frame. */
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

/** How many leading bytes of a file identify its compression. */
export const MAGIC_BYTES = 4;

/** A file's name split into the name proper and the compression. */
export interface NameParts {
  /** The name without `.gz` or `.zst`. */
  readonly name: string;
  /** Undefined for a file that is not compressed. */
  readonly compression: Compression | undefined;
}

/** Splits `.gz` or `.zst`, in any case, from the name of a file. */
export function splitCompression(name: string): NameParts {
  const lower = name.toLowerCase();
  for (const [ending, compression] of NAMES) {
    if (lower.endsWith(ending)) return { name: name.slice(0, -ending.length), compression };
  }
  return { name, compression: undefined };
}

/** Finds the compression by the first bytes of a file; four are enough. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  return MAGICS.find(([, magic]) =>
    magic.every(([byte, mask], at) => ((head[at] ?? -1) & mask) === byte),
  )?.[0];
}
