// A run, as records and checkpoints name it:
//
//   uuid id | varint chunks | varint blocks | varint entries | varint bytes | bytes first | bytes last
import { compareBytes } from '@sstitch/contract';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { RunRef } from './edits.js';

/** The fewest bytes of a run. */
export const MIN_RUN_REF_BYTES = 22;

export function writeRunRef(target: ByteWriter, run: RunRef): void {
  target.uuid(run.id);
  target.varint(run.chunks);
  target.varint(run.blocks);
  target.varint(run.entries);
  target.varint(run.bytes);
  target.bytes(run.first);
  target.bytes(run.last);
}

export function readRunRef(source: ByteReader): RunRef {
  const run = {
    id: source.uuid(),
    chunks: source.varint(),
    blocks: source.varint(),
    entries: source.varint(),
    bytes: source.varint(),
    first: source.bytes(),
    last: source.bytes(),
  };
  if (run.chunks < 1 || run.blocks < run.chunks || run.entries < 1) {
    source.fail(`run ${run.id} has no entries or fewer blocks than chunks`);
  }
  if (compareBytes(run.first, run.last) > 0) {
    source.fail(`run ${run.id} ends before it starts`);
  }
  return run;
}
