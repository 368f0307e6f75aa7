// Changes the field sync_id in the bytes of a record. It has number 1 in all messages that a store holds:
//
//   0A length text   first if the encoder writes fields by number, else anywhere
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

const SYNC_ID_FIELD = 1;

/** Sets or removes the field of many messages. */
export class SyncIdField {
  /** The encoded field; empty to remove it. */
  readonly bytes: Uint8Array;

  /** @param syncId the new value; '' removes the field */
  constructor(syncId: string) {
    const writer = new BinaryWriter();
    if (syncId !== '') writer.tag(SYNC_ID_FIELD, WireType.LengthDelimited).string(syncId);
    this.bytes = writer.finish();
  }

  /**
   * Returns the message with the new field in first place, and otherwise the same as `value`.
   * @throws Error if `value` is not a message
   */
  put(value: Uint8Array): Uint8Array {
    const parts = withoutField(value);
    let length = this.bytes.length;
    for (const part of parts) length += part.length;
    const result = new Uint8Array(length);
    result.set(this.bytes);
    let at = this.bytes.length;
    for (const part of parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  }
}

/**
 * Returns views of the parts of a message without the field, in order.
 * @throws Error if `value` is not a message
 */
function withoutField(value: Uint8Array): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  const reader = new BinaryReader(value);
  let kept = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    if (field !== SYNC_ID_FIELD) continue;
    if (start > kept) parts.push(value.subarray(kept, start));
    kept = reader.pos;
  }
  if (reader.pos > value.length) throw new RangeError('a message is truncated');
  if (kept < value.length) parts.push(value.subarray(kept));
  return parts;
}
