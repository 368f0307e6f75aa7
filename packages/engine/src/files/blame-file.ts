// Makes errors name the store's own files. The engine works on tables under temporary names, which no longer exist when
// the user reads the error.

/** A temporary name, and the file of a store that it is a link to or a copy of. */
export interface PrivateName {
  readonly path: string;
  readonly origin: string;
}

/** Runs `work`. Errors that it throws name origins instead of temporary names. */
export function blamingOrigins<T>(names: Iterable<PrivateName>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw withOrigins(error, names);
  }
}

/** Replaces temporary names by origins in the messages and paths of an error and its causes, and returns the error. */
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

/** Replaces a path in a text, except where it is a prefix of another path. */
function renamed(text: string, path: string, origin: string): string {
  return text
    .split(path)
    .reduce((sum, part) => sum + (/^[\w.-]/.test(part) ? path : origin) + part);
}
