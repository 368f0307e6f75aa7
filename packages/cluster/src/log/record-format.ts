// The bytes of a record and of a group. byte-writer.ts has the layout of varint, bytes, uuid and end.
//
//   record   u8 1 | varint count of groups | for each: bytes group
//   group    u8 1 | uuid id | uuid owner | varint base | varint count of edits | edits
//   edit     u8 type | fields
//     1 write    varint count | for each: u8 0 (del) | bytes key, or u8 1 (put) | bytes key | bytes value
//     2 run      run
//     3 replace  varint count | for each span: bytes start | end; maybe-run
//     4 flush    maybe-run | varint from | varint to
//     5 fold     bytes start | end | maybe-run, or u8 2 (kept) | varint to
//     6 dropped  varint count | for each: uuid run
//     7 join
//     8 abort    varint count | for each: uuid owner
//     9 merge    varint count | for each: uuid run; maybe-run
//   maybe-run  u8 0, or u8 1 | run (run-ref-format.ts)
//
// The first byte is the version of the format. A group is the same in a record and in an announcement, so that a
// process can append the groups of others as it read them.
import { type ByteOperation, problemOfSpans, type Span } from '@sstitch/contract';
import { ClusterError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import {
  EDITS_PER_SLOT,
  type Edit,
  type Group,
  type LogRecord,
  MAX_RECORD_BYTES,
  type RunRef,
  SHARED_RECORD_BYTES,
} from './edits.js';
import { readRunRef, writeRunRef } from './run-ref-format.js';

const FORMAT_VERSION = 1;
/** Version and count of a record, and the longest length of a group. */
const RECORD_OVERHEAD_BYTES = 1 + 2 + 3;
/** Version, id, owner, the longest base and the longest count of a group. */
const GROUP_OVERHEAD_BYTES = 1 + 16 + 16 + 8 + 2;
const OVERHEAD_BYTES = RECORD_OVERHEAD_BYTES + GROUP_OVERHEAD_BYTES;
/** The most bytes of the encoded edits of one group: a record holds at least one group. */
export const MAX_GROUP_EDITS_BYTES = MAX_RECORD_BYTES - OVERHEAD_BYTES;
/** The most bytes of the encoded edits of a group that fits into a record beside others. */
export const SHARED_GROUP_EDITS_BYTES = SHARED_RECORD_BYTES - OVERHEAD_BYTES;

const TYPE = {
  write: 1,
  run: 2,
  replace: 3,
  flush: 4,
  fold: 5,
  dropped: 6,
  join: 7,
  abort: 8,
  merge: 9,
} as const;

const NO_RUN = 0;
const A_RUN = 1;
const KEPT_RUNS = 2;
const DEL = 0;
const PUT = 1;

/** Edits, encoded. */
export interface EncodedEdits {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** @throws ClusterError SSTITCH_TOO_LARGE if no record can hold the edits as one group */
export function encodeEdits(edits: readonly Edit[]): EncodedEdits {
  const target = new ByteWriter();
  for (const edit of edits) writeEdit(target, edit);
  const encoded = { count: edits.length, bytes: target.finish() };
  checkSize(encoded);
  return encoded;
}

/** The edits of `parts`, one after another. */
export function joinEdits(parts: readonly EncodedEdits[]): EncodedEdits {
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    bytes: Buffer.concat(parts.map((part) => part.bytes)),
  };
}

/** Encodes a group of encoded edits. */
export function encodeGroupOf(
  { id, owner, base }: Omit<Group, 'edits'>,
  edits: EncodedEdits,
): Uint8Array {
  const target = new ByteWriter();
  target.byte(FORMAT_VERSION);
  target.uuid(id);
  target.uuid(owner);
  target.varint(base);
  target.varint(edits.count);
  target.raw(edits.bytes);
  return target.finish();
}

/** Whether a record can hold the edits as one group. */
function fitsInGroup(edits: EncodedEdits): boolean {
  return edits.bytes.byteLength <= MAX_GROUP_EDITS_BYTES && edits.count <= EDITS_PER_SLOT;
}

function checkSize(edits: EncodedEdits): void {
  if (fitsInGroup(edits)) return;
  const { count, bytes } = edits;
  const message = `a commit of ${count} edits and ${bytes.byteLength} bytes exceeds the limit of ${EDITS_PER_SLOT} edits or ${MAX_GROUP_EDITS_BYTES} bytes`;
  throw new ClusterError('SSTITCH_TOO_LARGE', message);
}

export function encodeGroup(group: Group): Uint8Array {
  return encodeGroupOf(group, encodeEdits(group.edits));
}

/** The most bytes of a group's length in a record. */
export const GROUP_LENGTH_BYTES = 3;
/** The most bytes of the groups of a record and their lengths, if there are several. */
export const SHARED_GROUPS_BYTES = SHARED_RECORD_BYTES - 1 - 2;

/** A record of encoded groups. */
export function encodeRecordOf(groups: readonly Uint8Array[]): Uint8Array {
  const target = new ByteWriter();
  target.byte(FORMAT_VERSION);
  target.varint(groups.length);
  for (const group of groups) target.bytes(group);
  return target.finish();
}

export function encodeRecord(record: LogRecord): Uint8Array {
  return encodeRecordOf(record.groups.map(encodeGroup));
}

function writeEdit(target: ByteWriter, edit: Edit): void {
  target.byte(TYPE[edit.type]);
  switch (edit.type) {
    case 'write':
      target.varint(edit.operations.length);
      for (const operation of edit.operations) writeOperation(target, operation);
      break;
    case 'run':
      writeRunRef(target, edit.run);
      break;
    case 'replace':
      target.varint(edit.spans.length);
      for (const span of edit.spans) writeSpan(target, span);
      writeMaybeRun(target, edit.run);
      break;
    case 'flush':
      writeMaybeRun(target, edit.run);
      target.varint(edit.from);
      target.varint(edit.to);
      break;
    case 'fold':
      writeSpan(target, edit.span);
      if (edit.run === 'kept') target.byte(KEPT_RUNS);
      else writeMaybeRun(target, edit.run);
      target.varint(edit.to);
      break;
    case 'merge':
      writeIds(target, edit.runs);
      writeMaybeRun(target, edit.run);
      break;
    case 'dropped':
      writeIds(target, edit.runs);
      break;
    case 'abort':
      writeIds(target, edit.owners);
      break;
    case 'join':
      break;
  }
}

function writeOperation(target: ByteWriter, operation: ByteOperation): void {
  target.byte(operation.type === 'put' ? PUT : DEL);
  target.bytes(operation.key);
  if (operation.type === 'put') target.bytes(operation.value);
}

function writeSpan(target: ByteWriter, span: Span): void {
  target.bytes(span.start);
  target.end(span.end);
}

function writeMaybeRun(target: ByteWriter, run: RunRef | undefined): void {
  target.byte(run === undefined ? NO_RUN : A_RUN);
  if (run !== undefined) writeRunRef(target, run);
}

function writeIds(target: ByteWriter, ids: readonly string[]): void {
  target.varint(ids.length);
  for (const id of ids) target.uuid(id);
}

/** @throws ClusterError SSTITCH_CLUSTER_CORRUPT */
export function decodeRecord(bytes: Uint8Array): LogRecord {
  const source = new ByteReader(bytes, 'a record of the log');
  source.version(FORMAT_VERSION);
  const groups = Array.from({ length: source.count(1) }, () =>
    decodeGroup(source.raw(source.varint())),
  );
  source.finish();
  const edits = groups.reduce((sum, group) => sum + group.edits.length, 0);
  if (edits > EDITS_PER_SLOT) source.fail(`it has ${edits} edits`);
  return { groups };
}

/** @throws ClusterError SSTITCH_CLUSTER_CORRUPT */
export function decodeGroup(bytes: Uint8Array): Group {
  const source = new ByteReader(bytes, 'a group of the log');
  source.version(FORMAT_VERSION);
  const id = source.uuid();
  const owner = source.uuid();
  const base = source.varint();
  const edits = Array.from({ length: source.count(1) }, () => readEdit(source));
  source.finish();
  return { id, owner, base, edits };
}

function readEdit(source: ByteReader): Edit {
  const type = source.byte();
  switch (type) {
    case TYPE.write: {
      const operations = Array.from({ length: source.count(2) }, () => readOperation(source));
      return { type: 'write', operations };
    }
    case TYPE.run:
      return { type: 'run', run: readRunRef(source) };
    case TYPE.replace: {
      const spans = Array.from({ length: source.count(2) }, () => readSpan(source));
      const problem = problemOfSpans(spans);
      if (problem !== undefined) source.fail(problem);
      return { type: 'replace', spans, run: readMaybeRun(source, source.byte()) };
    }
    case TYPE.flush: {
      const run = readMaybeRun(source, source.byte());
      const [from, to] = [source.varint(), source.varint()];
      if (from > to) source.fail('a flush ends before it starts');
      return { type: 'flush', run, from, to };
    }
    case TYPE.fold: {
      const span = readSpan(source);
      const problem = problemOfSpans([span]);
      if (problem !== undefined) source.fail(problem);
      const kind = source.byte();
      const run = kind === KEPT_RUNS ? 'kept' : readMaybeRun(source, kind);
      return { type: 'fold', span, run, to: source.varint() };
    }
    case TYPE.merge:
      return { type: 'merge', runs: readIds(source), run: readMaybeRun(source, source.byte()) };
    case TYPE.dropped:
      return { type: 'dropped', runs: readIds(source) };
    case TYPE.join:
      return { type: 'join' };
    case TYPE.abort:
      return { type: 'abort', owners: readIds(source) };
    default:
      return source.fail(`an edit has the unknown type ${type}`);
  }
}

function readOperation(source: ByteReader): ByteOperation {
  const type = source.byte();
  if (type === PUT) return { type: 'put', key: source.bytes(), value: source.bytes() };
  if (type === DEL) return { type: 'del', key: source.bytes() };
  return source.fail(`an operation has the unknown type ${type}`);
}

function readSpan(source: ByteReader): Span {
  return { start: source.bytes(), end: source.end() };
}

function readMaybeRun(source: ByteReader, kind: number): RunRef | undefined {
  if (kind === NO_RUN) return undefined;
  if (kind === A_RUN) return readRunRef(source);
  return source.fail(`a run is neither there nor absent (${kind})`);
}

function readIds(source: ByteReader): string[] {
  return Array.from({ length: source.count(16) }, () => source.uuid());
}
