// Names the file to blame. Tables are worked on under private names, which are gone when somebody looks: an
// error tells of the store's own file instead.

/** A private name, and the file of a store that it is a name or a copy of. */
export interface PrivateName {
  readonly path: string;
  readonly origin: string;
}

/** Runs `work`; what it throws about a private name tells of the file behind it. */
export function blamingOrigins<T>(names: Iterable<PrivateName>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withOrigins(error, names);
  }
}

/** The same error, in whose messages and paths, and those of its causes, origins stand for private names. */
function withOrigins(error: unknown, names: Iterable<PrivateName>): unknown {
  const listed = [...names];
  for (let current = error; current instanceof Error; current = current.cause) {
    const details = current as { path?: unknown; stack?: unknown; message: string };
    for (const { path, origin } of listed) {
      details.message = renamed(details.message, path, origin);
      if (typeof details.stack === 'string') details.stack = renamed(details.stack, path, origin);
      if (details.path === path) details.path = origin;
    }
  }
  return error;
}

/** A path may be the beginning of another one. */
function renamed(text: string, path: string, origin: string): string {
  return text
    .split(path)
    .reduce((sum, part) => sum + (/^[\w.-]/.test(part) ? path : origin) + part);
}
