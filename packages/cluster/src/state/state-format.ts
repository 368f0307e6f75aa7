// The bytes of a state, for checkpoints (log/byte-writer.ts has the layout of varint, bytes and uuid):
//
//   u8 1 | varint slot | varint flushedTo
//   varint count of runs     | for each run that a piece, level 0 or `retired` names: run (log/run-ref-format.ts)
//   varint count of pieces   | for each: bytes start | run number | varint version
//   varint count of level 0  | for each: run number | varint version
//   varint count of entries  | for each of the memtable: bytes key | u8 0 (tombstone), or u8 1 | bytes value;
//                              varint version
//   varint count of retired  | for each: run number | varint slot
//   varint count of owners   | for each: uuid | varint slot
//   varint count of groups   | for each recent group: uuid | varint slot
//
// A run number is a varint: 0 for no run, else the place of the run in the list above, from 1 on. A piece ends where
// the next one starts. Maps keep their order, so that equal states have equal bytes.
//
// A database limits the length of a row: the bytes are split into parts of PART_BYTES.
import { compareBytes } from '@sstitch/contract';
import { ByteReader } from '../log/byte-reader.js';
import { ByteWriter } from '../log/byte-writer.js';
import type { RunRef } from '../log/edits.js';
import { MIN_RUN_REF_BYTES, readRunRef, writeRunRef } from '../log/run-ref-format.js';
import { memtableOf } from './memtable.js';
import type { LevelZeroRun, MemtableEntry, Piece, RetiredRun, State } from './state.js';

const FORMAT_VERSION = 1;
const PART_BYTES = 500_000;
const MIN_ID_BYTES = 17;

export function encodeState(state: State): Uint8Array[] {
  const target = new ByteWriter();
  const runs = runsOf(state);
  const numbers = new Map([...runs.keys()].map((id, index) => [id, index + 1]));
  const writeRunNumber = (run: RunRef | undefined) =>
    target.varint(run === undefined ? 0 : (numbers.get(run.id) ?? 0));
  const writeSlots = (slots: ReadonlyMap<string, number>) => {
    target.varint(slots.size);
    for (const [id, slot] of slots) {
      target.uuid(id);
      target.varint(slot);
    }
  };

  target.byte(FORMAT_VERSION);
  target.varint(state.slot);
  target.varint(state.flushedTo);
  target.varint(runs.size);
  for (const run of runs.values()) writeRunRef(target, run);
  target.varint(state.pieces.length);
  for (const piece of state.pieces) {
    target.bytes(piece.start);
    writeRunNumber(piece.run);
    target.varint(piece.version);
  }
  target.varint(state.levelZero.length);
  for (const { run, version } of state.levelZero) {
    writeRunNumber(run);
    target.varint(version);
  }
  target.varint(state.memtable.length);
  for (const { key, value, version } of state.memtable) {
    target.bytes(key);
    target.end(value);
    target.varint(version);
  }
  target.varint(state.retired.size);
  for (const { run, slot } of state.retired.values()) {
    writeRunNumber(run);
    target.varint(slot);
  }
  writeSlots(state.owners);
  writeSlots(state.recentGroups);

  const bytes = target.finish();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; at += PART_BYTES) {
    parts.push(bytes.subarray(at, at + PART_BYTES));
  }
  return parts;
}

/** The runs that a state names, by id. */
export function runsOf(state: State): Map<string, RunRef> {
  const runs = new Map<string, RunRef>();
  const named = [...state.pieces, ...state.levelZero, ...state.retired.values()];
  for (const { run } of named) {
    if (run !== undefined) runs.set(run.id, run);
  }
  return runs;
}

/** @throws ClusterError SSTITCH_CLUSTER_CORRUPT */
export function decodeState(parts: readonly Uint8Array[]): State {
  const source = new ByteReader(Buffer.concat(parts), 'a checkpoint');
  source.version(FORMAT_VERSION);
  const slot = source.varint();
  const flushedTo = source.varint();
  const runs = readList(source, MIN_RUN_REF_BYTES, () => readRunRef(source));
  const pieces = readPieces(source, runs);
  const levelZero = readList(source, 2, (): LevelZeroRun => {
    const run = readRun(source, runs);
    return { run, version: source.varint() };
  });
  const memtable = memtableOf(readEntries(source));
  const retired = readList(source, 2, (): [string, RetiredRun] => {
    const run = readRun(source, runs);
    return [run.id, { run, slot: source.varint() }];
  });
  const owners = readSlots(source);
  const recentGroups = readSlots(source);
  source.finish();
  return {
    slot,
    pieces,
    levelZero,
    memtable: memtable.entries,
    memtableBytes: memtable.bytes,
    flushedTo,
    retired: new Map(retired),
    owners,
    recentGroups,
  };
}

function readPieces(source: ByteReader, runs: readonly RunRef[]): Piece[] {
  const starts = readList(source, 3, () => ({
    start: source.bytes(),
    run: readMaybeRun(source, runs),
    version: source.varint(),
  }));
  if (starts[0]?.start.byteLength !== 0) source.fail('the first piece has no empty start');
  return starts.map((piece, index) => {
    const end = starts[index + 1]?.start;
    if (end !== undefined && compareBytes(piece.start, end) >= 0) {
      source.fail(`piece ${index} ends before it starts`);
    }
    return { ...piece, end };
  });
}

function readEntries(source: ByteReader): MemtableEntry[] {
  const entries = readList(source, 3, () => ({
    key: source.bytes(),
    value: source.end(),
    version: source.varint(),
  }));
  for (const [index, { key }] of entries.entries()) {
    const next = entries[index + 1];
    if (next !== undefined && compareBytes(key, next.key) >= 0) {
      source.fail(`entry ${index} of the memtable is out of order`);
    }
  }
  return entries;
}

function readSlots(source: ByteReader): Map<string, number> {
  return new Map(
    readList(source, MIN_ID_BYTES, (): [string, number] => [source.uuid(), source.varint()]),
  );
}

function readList<T>(source: ByteReader, minBytes: number, read: () => T): T[] {
  return Array.from({ length: source.count(minBytes) }, read);
}

function readMaybeRun(source: ByteReader, runs: readonly RunRef[]): RunRef | undefined {
  const number = source.varint();
  const run = runs[number - 1];
  if (number > 0 && run === undefined) source.fail(`there is no run ${number}`);
  return run;
}

function readRun(source: ByteReader, runs: readonly RunRef[]): RunRef {
  return readMaybeRun(source, runs) ?? source.fail('a run is missing');
}
