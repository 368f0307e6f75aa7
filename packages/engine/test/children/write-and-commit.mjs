// Owns a store and changes it until it is killed. In every state that it acknowledges, all keys inside and outside
// the replaced span have the same revision. With "once" it writes some keys and stops.
import { byteEncodings, Store } from '../../dist/index.js';

const [path, how] = process.argv.slice(2);
const KEYS = 200;
const bytes = (text) => new TextEncoder().encode(text);
const key = (prefix, index) => bytes(`${prefix}${String(index).padStart(4, '0')}`);
const numbers = Array.from({ length: KEYS }, (_, index) => index);

const store = new Store(path, { ...byteEncodings, writeBufferSize: 64 * 1024 });
await store.open();

function putAll(prefix, value) {
  return numbers.map((index) => ({ type: 'put', key: key(prefix, index), value: value(index) }));
}

if (how === 'once') {
  await store.batch(putAll('k', (index) => bytes(`revision-${index}`)));
  process.send(KEYS);
} else {
  const filler = 'x'.repeat(300);
  for (let revision = 1; ; revision++) {
    const value = bytes(`${revision}:${filler}`);
    // A reader sees all of a batch or nothing of it.
    await store.batch([...putAll('k', () => value), ...putAll('m', () => value)]);
    if (revision % 3 === 0) void store.compactRange(bytes('a'), bytes('z')).catch(() => undefined);
    if (revision % 4 === 0) {
      const page = [
        ...numbers.map((i) => [key('k', i), value]),
        ...numbers.map((i) => [key('m', i), value]),
      ];
      const spans = [
        { start: bytes('k'), end: bytes('l') },
        { start: bytes('m'), end: bytes('n') },
      ];
      const next = bytes(`${++revision}:${filler}`);
      await store.replaceSpans(
        spans,
        (async function* () {
          yield page.map(([k]) => [k, next]);
        })(),
      );
    }
    if (revision === 1) process.send(KEYS);
  }
}
setInterval(() => undefined, 1000);
