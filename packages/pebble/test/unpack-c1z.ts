// Unpacks the Pebble directory of a .c1z file of format 3. It trusts the file, so it is only for samples.

import { ZSTDDecoder } from 'zstddec/stream';
import type { Files } from './memory-files.js';
import { untar } from './untar.js';

const INDEX_FOOTER_BYTES = 28;

/** The files of the payload. */
export async function unpackC1z(bytes: Uint8Array): Promise<Files> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const manifestBytes = view.getUint32(5);
  const payloadStart = 9 + manifestBytes;
  const encoding = fieldsOf(bytes.subarray(9, payloadStart)).find(({ no }) => no === 4)?.value;
  const payload = bytes.subarray(payloadStart);
  const zstd = new ZSTDDecoder();
  await zstd.init();
  if (encoding === 2) return untar(payload);
  if (encoding === 1) return untar(Buffer.concat([...zstd.decodeStreaming([payload])]));
  const footer = bytes.length - INDEX_FOOTER_BYTES;
  const indexStart = Number(view.getBigUint64(footer));
  const index = bytes.subarray(indexStart, indexStart + view.getUint32(footer + 8));
  const files: Files = new Map();
  for (const entry of fieldsOf(index)) {
    if (entry.no !== 1) continue;
    const fields = new Map(fieldsOf(entry.value as Uint8Array).map(({ no, value }) => [no, value]));
    const number = (no: number) => (fields.get(no) as number | undefined) ?? 0;
    const frame = bytes.subarray(number(2), number(2) + number(3));
    const name = Buffer.from(fields.get(1) as Uint8Array).toString();
    files.set(name, number(4) === 0 ? new Uint8Array(0) : zstd.decode(frame, number(4)));
  }
  return files;
}

/** The fields of a protobuf message: numbers and byte strings. */
function fieldsOf(message: Uint8Array): { no: number; value: number | Uint8Array }[] {
  const fields: { no: number; value: number | Uint8Array }[] = [];
  let position = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = message[position] as number;
      position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (position < message.length) {
    const tag = varint();
    const no = tag >>> 3;
    if ((tag & 7) === 0) {
      fields.push({ no, value: varint() });
    } else if ((tag & 7) === 1) {
      position += 8;
    } else {
      const length = varint();
      fields.push({ no, value: message.subarray(position, position + length) });
      position += length;
    }
  }
  return fields;
}
