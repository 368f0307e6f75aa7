// The names of the files in a LevelDB directory (LevelDB's db/filename.cc).
//
//   CURRENT           the name of the current MANIFEST and a newline
//   MANIFEST-%06d     version edits
//   %06d.ldb          a table; %06d.sst in databases made before LevelDB 1.14
//   %06d.log          a log: LevelDB's WAL
//   LOCK              the process lock
//   LOG LOG.old       info logs
//   %06d.dbtmp        a temporary file, such as the next CURRENT

export type LevelFileKind =
  | 'current'
  | 'manifest'
  | 'table'
  | 'log'
  | 'lock'
  | 'infoLog'
  | 'temporary';

/** A parsed file name. */
export interface LevelFileName {
  readonly kind: LevelFileKind;
  /** 0 for files without a number. */
  readonly number: number;
}

export const CURRENT_FILE = 'CURRENT';
export const LOCK_FILE = 'LOCK';

const NUMBERED = /^(\d{1,16})\.(ldb|sst|log|dbtmp)$/;
const MANIFEST = /^MANIFEST-(\d{1,16})$/;

export function tableFileName(number: number): string {
  return `${String(number).padStart(6, '0')}.ldb`;
}

/** Returns a table's name in databases made before LevelDB 1.14. */
export function oldTableFileName(number: number): string {
  return `${String(number).padStart(6, '0')}.sst`;
}

export function logFileName(number: number): string {
  return `${String(number).padStart(6, '0')}.log`;
}

export function manifestFileName(number: number): string {
  return `MANIFEST-${String(number).padStart(6, '0')}`;
}

/** Parses a name in a LevelDB directory. Returns undefined for names that LevelDB does not use. */
export function parseLevelFileName(name: string): LevelFileName | undefined {
  if (name === CURRENT_FILE) return { kind: 'current', number: 0 };
  if (name === LOCK_FILE) return { kind: 'lock', number: 0 };
  if (name === 'LOG' || name === 'LOG.old') return { kind: 'infoLog', number: 0 };
  const manifest = MANIFEST.exec(name);
  if (manifest?.[1] !== undefined) return { kind: 'manifest', number: Number(manifest[1]) };
  const numbered = NUMBERED.exec(name);
  if (numbered?.[1] === undefined) return undefined;
  const number = Number(numbered[1]);
  switch (numbered[2]) {
    case 'log':
      return { kind: 'log', number };
    case 'dbtmp':
      return { kind: 'temporary', number };
    default:
      return { kind: 'table', number };
  }
}
