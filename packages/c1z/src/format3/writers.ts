// Maps the engine in a manifest to the versions of baton-sdk that wrote it.

/** The supported engines and their writers. */
const WRITERS: Readonly<Record<string, string>> = {
  pebble: 'baton-sdk 0.10 to 0.14',
  pebble2: 'baton-sdk 0.15 to 0.17',
  pebble3: 'baton-sdk 0.18 or later',
};

/** The current engine. */
export const ENGINE = 'pebble3';

/** The writer of a file; undefined for an unsupported engine. */
export function writerOf(engine: string): string | undefined {
  return Object.hasOwn(WRITERS, engine) ? WRITERS[engine] : undefined;
}
