// The error of a log that is damaged before its end.
import { EngineError } from '../errors.js';

/** Says of a damaged log what can be done about it. */
export function damagedLog(damage: EngineError): EngineError {
  const { path, offset } = damage;
  const what = damage.message.replace(/ \([^(]*\)$/, '');
  return new EngineError(
    'SSTITCH_STORE_CORRUPT',
    `${what}, and the log does not end there: LevelDB would drop acknowledged writes without a word. ` +
      'Restore the file; or, of a store, keep what comes before the damage by `sstitch salvage` ' +
      '(salvageLogs). A plain LevelDB database cannot be salvaged here: its own open drops what it cannot read',
    { path, offset, cause: damage },
  );
}
