// The plan of each numbered case of the family leveldb-faults, derived only from seed and number.

import { seededRandom } from '@sstitch/testkit/torture';
import { FAULT_CODES, FAULT_KINDS, type LevelFault } from './leveldb-fault-shim.js';

/** A write: its key, the size of its value, and whether it must survive a power cut. */
export interface PlannedWrite {
  readonly key: string;
  readonly sizeBytes: number;
  readonly sync: boolean;
}

export interface LevelFaultPlan {
  /** The phase in which the fault occurs. */
  readonly phase: 'write' | 'open' | 'read';
  readonly fault: LevelFault;
  readonly before: readonly PlannedWrite[];
  readonly during: readonly PlannedWrite[];
  readonly after: readonly PlannedWrite[];
  /** Whether the writes during the fault are issued at once instead of one after another. */
  readonly isConcurrent: boolean;
  readonly commits: boolean;
  /** Whether the process is killed at the end instead of closing the store. */
  readonly isKilled: boolean;
  readonly writeBufferSize: number;
}

const { open, write, sync, rename, unlink, read, map, close } = FAULT_KINDS;
const ANY = open | write | sync | rename | unlink | read | map | close;
const CODES = Object.keys(FAULT_CODES) as Array<keyof typeof FAULT_CODES>;

/** Kinds of operations and a text in their paths; one that is listed more often is tried more often. */
const WRITE_TARGETS: ReadonlyArray<readonly [kinds: number, text: string]> = [
  [write, '.log'],
  [write, '.log'],
  [write, '.log'],
  [write, '.log'],
  [sync, '.log'],
  [open, '.log'],
  [open | write | sync | close, '.ldb'],
  [open | write | sync, 'MANIFEST'],
  [rename | unlink, ''],
  [ANY, ''],
];
const OPEN_TARGETS: ReadonlyArray<readonly [kinds: number, text: string]> = [
  [open, '.log'],
  [open, '.log'],
  [read, '.log'],
  [write, '.log'],
  [open | write | sync | close, '.ldb'],
  [open | write | sync | read, 'MANIFEST'],
  [rename | unlink | open, 'CURRENT'],
  [ANY, ''],
];

/** Sizes near the bounds of stdio buffers, of a block and of a record of several blocks. */
const SIZES = [
  ...[0, 1, 100, 1000, 4000, 4050, 4096, 9000, 16_000, 31_000],
  ...[32_700, 32_730, 32_745, 32_760, 32_768, 33_000, 40_000, 65_500, 65_520, 70_000],
];

/** The plan of a case. */
export function levelFaultPlan(seed: number, index: number): LevelFaultPlan {
  const random = seededRandom(seed * 1_000_003 + index);
  const below = (count: number) => Math.floor(random() * count);
  const phase = (['write', 'write', 'write', 'open', 'read'] as const)[index % 5] ?? 'write';
  const targets = phase === 'write' ? WRITE_TARGETS : OPEN_TARGETS;
  const [kinds, text] = targets[below(targets.length)] ?? [ANY, ''];
  const most = phase === 'write' ? (text === '.log' ? 24 : 40) : text === '.log' ? 3 : 12;
  const fault: LevelFault = {
    ...{ kinds, text, at: below(most), forever: random() < 0.4 },
    code: CODES[Math.floor(index / 5) % CODES.length] ?? 'EIO',
    partialBytes: [0, 0, 1, 6, 7, 100, 4095, 30_000][below(8)] ?? 0,
  };
  let next = 0;
  // Some keys are written again: an older value must not reappear.
  const keyOf = () =>
    random() < 0.3 ? `again-${below(4)}` : `key-${String(next++).padStart(4, '0')}`;
  const writes = (count: number): PlannedWrite[] =>
    Array.from({ length: count }, () => {
      const nearby = (SIZES[below(SIZES.length)] ?? 0) + below(12) - 6;
      return { key: keyOf(), sizeBytes: Math.max(0, nearby), sync: random() < 0.5 };
    });
  return {
    ...{ phase, fault, before: writes(1 + below(6)), during: writes(8), after: writes(6) },
    isConcurrent: random() < 0.3,
    commits: random() < 0.5,
    isKilled: random() < 0.3,
    writeBufferSize: random() < 0.4 ? 64 * 1024 : 4 * 1024 * 1024,
  };
}

export function describePlan({ phase, fault, isConcurrent, isKilled }: LevelFaultPlan): string {
  const { kinds, text, at, forever, code, partialBytes } = fault;
  const names = Object.entries(FAULT_KINDS).flatMap(([name, bit]) => (kinds & bit ? [name] : []));
  const what = names.length === Object.keys(FAULT_KINDS).length ? 'any operation' : names.join('|');
  return (
    `${code} at ${what} ${at}${forever ? ' and later' : ''} of *${text}*, ${partialBytes} bytes written, ` +
    `${phase}${isConcurrent ? ', at once' : ''}${isKilled ? ', killed' : ''}`
  );
}
