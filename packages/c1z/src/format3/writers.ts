// Which baton-sdk wrote a file, by the engine that the manifest names.

/** The engines that are read, and what wrote them. */
const WRITERS: Readonly<Record<string, string>> = {
  pebble: 'baton-sdk 0.10 to 0.14',
  pebble2: 'baton-sdk 0.15 to 0.17',
  pebble3: 'baton-sdk 0.18 or later',
};

/** The engine of today. */
export const ENGINE = 'pebble3';

/** What wrote the file; undefined for an engine that is not read. */
export function writerOf(engine: string): string | undefined {
  return Object.hasOwn(WRITERS, engine) ? WRITERS[engine] : undefined;
}
