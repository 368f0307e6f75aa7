// The error for a log that is damaged before its end.
import { EngineError } from '../errors.js';

/** Returns the error that `scanLog` found, with advice on what to do. */
export function damagedLog(damage: EngineError): EngineError {
  const { message, path, offset } = damage;
  return new EngineError(
    'SSTITCH_STORE_CORRUPT',
    `${message}, and the log does not end there: LevelDB would silently drop acknowledged writes. ` +
      'Restore the file, or keep the writes before the damage: in a store with `sstitch salvage` (salvageLogs); ' +
      'a plain LevelDB database drops the others when LevelDB opens it',
    { path, offset, cause: damage },
  );
}
