// The stores that this process has open, by real path. LevelDB's lock is a POSIX record lock, which a second open in
// the same process would drop (docs/leveldb-rules.md, rule 18). So a second open is refused before it reaches LevelDB.
// The registry is global, so that several copies of this package share it.
import { EngineError } from '../errors.js';

const KEY = Symbol.for('@sstitch/engine.openStores');

function openStores(): Set<string> {
  const holder = globalThis as unknown as Record<symbol, Set<string> | undefined>;
  holder[KEY] ??= new Set();
  return holder[KEY];
}

/** Claims a path for this process. @throws EngineError LEVEL_LOCKED */
export function claimStore(realPath: string): void {
  if (openStores().has(realPath)) {
    throw new EngineError('LEVEL_LOCKED', 'the store is open in this process already', {
      path: realPath,
      holder: process.pid,
    });
  }
  openStores().add(realPath);
}

/** Gives up a claimed path. */
export function releaseStore(realPath: string): void {
  openStores().delete(realPath);
}
