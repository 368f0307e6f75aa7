// What the processes of the failure run write, and how a reader checks a state.
//
// Writer W writes batch n (from 1) after batch n - 1 was acknowledged: the keys `w/W/n/a` and `w/W/n/b`. So a state has
// the batches 1 to some n, each whole.
//
// A replacement replaces three spans at once, `r/0/` to `r/2/`, by the entries of a generation: as many in each span as
// the generation's name says, each with the name in its value. So a state has one generation, whole.
import { createHash } from 'node:crypto';

const SPANS = ['r/0/', 'r/1/', 'r/2/'];
const PAGE_ENTRIES = 500;
const FILLER = 'x'.repeat(200);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const byteEncodings = { keyEncoding: 'view', valueEncoding: 'view' };

const afterPrefix = (prefix) => `${prefix.slice(0, -1)}0`;
const bytes = (text) => encoder.encode(text);

/** The operations of a writer's batch. */
export function batchOf(writer, number) {
  const key = `w/${writer}/${String(number).padStart(9, '0')}`;
  return ['a', 'b'].map((half) => ({
    type: 'put',
    key: bytes(`${key}/${half}`),
    value: bytes(String(number)),
  }));
}

/** The spans of every replacement. */
export function replacedSpans() {
  return SPANS.map((prefix) => ({ start: bytes(prefix), end: bytes(afterPrefix(prefix)) }));
}

/** A name for a generation: how many entries a span has, whose it is, its number. */
export function generationName(replacer, number, entriesPerSpan) {
  return `${entriesPerSpan + (number % 7)} ${replacer} ${number}`;
}

/** The entries of a generation, in pages. */
export async function* entriesOf(generation) {
  const count = Number(generation.split(' ', 1));
  const value = bytes(`${generation}\n${FILLER}`);
  for (const prefix of SPANS) {
    for (let from = 0; from < count; from += PAGE_ENTRIES) {
      const length = Math.min(PAGE_ENTRIES, count - from);
      yield Array.from({ length }, (_, at) => [
        bytes(`${prefix}${String(from + at).padStart(9, '0')}`),
        value,
      ]);
    }
  }
}

/**
 * Reads all of a snapshot.
 *
 * @returns the generation, the last batch of each writer, a digest, and what is wrong with the state
 */
export async function readState(store, snapshot) {
  const digest = createHash('sha256');
  const problems = [];
  const batches = new Map();
  const halves = new Map();
  const generations = new Map();
  const iterator = store.iterator({ ...byteEncodings, snapshot });
  try {
    for (;;) {
      const entries = await iterator.nextv(1000);
      if (entries.length === 0) break;
      for (const [keyBytes, valueBytes] of entries) {
        digest.update(keyBytes).update('\0').update(valueBytes).update('\0');
        const key = decoder.decode(keyBytes);
        const value = decoder.decode(valueBytes);
        const [area, name, number] = key.split('/');
        if (area === 'r') {
          const [generation] = value.split('\n', 1);
          const counts = generations.get(generation) ?? [0, 0, 0];
          counts[Number(name)] += 1;
          generations.set(generation, counts);
          continue;
        }
        const batch = Number(number);
        if (value !== String(batch)) problems.push(`${key} holds ${value}`);
        const half = halves.get(name) ?? { batch: 0, count: 2 };
        if (batch === half.batch) half.count += 1;
        else {
          if (half.count !== 2) problems.push(`batch ${half.batch} of writer ${name} is not whole`);
          if (batch !== half.batch + 1)
            problems.push(`writer ${name} has no batch ${half.batch + 1}`);
          half.batch = batch;
          half.count = 1;
        }
        halves.set(name, half);
        batches.set(name, batch);
      }
    }
  } finally {
    await iterator.close();
  }
  for (const [name, { batch, count }] of halves) {
    if (count !== 2) problems.push(`batch ${batch} of writer ${name} is not whole`);
  }
  if (generations.size > 1) {
    problems.push(`a state has ${generations.size} generations: ${[...generations.keys()]}`);
  }
  for (const [generation, counts] of generations) {
    const count = Number(generation.split(' ', 1));
    if (counts.some((found) => found !== count)) {
      problems.push(`generation ${generation} has ${counts} entries`);
    }
  }
  const [generation] = generations.keys();
  return { generation, batches, digest: digest.digest('hex'), problems };
}
