// The steps of a commit at which a test can act, recognised by their first file operation.
import { join } from 'node:path';
import { openStore, temporaryDirectory } from './store-fixture.js';
import {
  type FileOperation,
  type WatchedFileSystem,
  watchedFileSystem,
} from './watched-file-system.js';

/** A store and the hook of its file operations. */
export async function watchedStore() {
  const watched = watchedFileSystem();
  const store = await openStore(join(temporaryDirectory(), 'store'), { fileSystem: watched });
  return { store, watched };
}

/** Calls `act` once, at the first matching operation, and returns its result. */
export function once<T>(
  watched: WatchedFileSystem,
  fits: (operation: FileOperation) => boolean,
  act: () => T,
): () => T {
  let done: { readonly value: T } | undefined;
  watched.before = (operation) => {
    if (done === undefined && fits(operation)) done = { value: act() };
  };
  return () => {
    if (done === undefined) throw new Error('the operation never came');
    return done.value;
  };
}

export const isStaging = ({ name, path }: FileOperation) =>
  name === 'mkdir' && path.includes('gen-');

/** The steps: staging, catching up, and the pause. */
export const steps: Record<string, (operation: FileOperation) => boolean> = {
  staging: isStaging,
  'catching up': ({ name, path }) => name === 'open' && path.endsWith('CURRENT.tmp'),
  'writers paused': ({ name, to }) => name === 'rename' && to?.endsWith('/CURRENT') === true,
};
