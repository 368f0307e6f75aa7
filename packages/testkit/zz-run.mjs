// zz-run.ts
import { readFileSync } from "fs";

// test/real-store.ts
import { mkdtempSync, rmSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { Store } from "@sstitch/engine";
var SMALL = { writeBufferSize: 64 * 1024, maxFileSize: 64 * 1024, blockSize: 1024 };
async function openStore(folder2, options = {}) {
  const store = new Store(folder2, {
    keyEncoding: "view",
    valueEncoding: "view",
    ...options
  });
  await store.open();
  return store;
}
function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), "sstitch-testkit-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

// test/metamorphic-store.ts
var bytes = { keyEncoding: "view", valueEncoding: "view" };
var makeStoreTarget = async () => {
  const folder2 = temporaryFolder();
  const location = `${folder2.path}/base`;
  let store = await openStore(location, SMALL);
  const source = await openStore(`${folder2.path}/source`, SMALL);
  let copies = 0;
  return {
    engine: store,
    source,
    close: () => store.close(),
    reopen: async () => {
      await store.close();
      store = await openStore(location, SMALL);
      return store;
    },
    clear: (range) => store.clear({ ...range, ...bytes }),
    compactRange: (start, end) => store.compactRange(start, end, bytes),
    compactSource: () => source.compactRange(Uint8Array.of(0), new Uint8Array(90).fill(255), bytes),
    excise: async (spans) => {
      await store.excise(spans);
    },
    transfer: async (spans, move) => {
      const staging = await store.newStagingFolder();
      const tables = await source.extract(spans, staging);
      await store.ingestAndExcise(tables, { move });
      await store.removeStagingFolder(staging);
    },
    checkpoint: async () => {
      const copy = `${folder2.path}/copy-${++copies}`;
      await store.checkpoint(copy);
      const engine = await openStore(copy, SMALL);
      return { engine, destroy: () => engine.close() };
    },
    destroy: async () => {
      await store.close();
      await source.close();
      folder2.remove();
    }
  };
};

// src/metamorphic/run-actions.ts
import {
  byteEncodings as byteEncodings2
} from "@sstitch/engine";
import { compareBytes as compareBytes3, spanContains } from "@sstitch/keys";

// src/errors.ts
var TestkitError = class extends Error {
  name = "TestkitError";
  code;
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
};

// src/model-state.ts
import { compareBytes } from "@sstitch/keys";
var ModelState = class _ModelState {
  static empty = new _ModelState([]);
  /** Strictly ascending. */
  entries;
  constructor(entries) {
    this.entries = entries;
  }
  get(key) {
    const entry = this.entries[this.lowerBound(key)];
    return entry !== void 0 && compareBytes(entry[0], key) === 0 ? entry[1] : void 0;
  }
  /** The index of the first key that is not below `key`. */
  lowerBound(key) {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = low + high >>> 1;
      const entry = this.entries[middle];
      if (entry !== void 0 && compareBytes(entry[0], key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  /** The state after writes, of which the last one to a key wins. */
  write(writes) {
    const sorted = writes.map((write, order) => ({ write, order })).sort((a, b) => compareBytes(a.write.key, b.write.key) || a.order - b.order);
    const next = [];
    let at = 0;
    for (const [index, { write }] of sorted.entries()) {
      const following = sorted[index + 1]?.write.key;
      if (following !== void 0 && compareBytes(following, write.key) === 0) continue;
      const found = this.lowerBound(write.key);
      for (const entry of this.entries.slice(at, found)) next.push(entry);
      const present = this.entries[found];
      const isThere = present !== void 0 && compareBytes(present[0], write.key) === 0;
      at = isThere ? found + 1 : found;
      if (write.value !== void 0) next.push([write.key, write.value]);
    }
    for (const entry of this.entries.slice(at)) next.push(entry);
    return new _ModelState(next);
  }
  /** The state that holds, inside the spans, exactly `entries`. Spans and entries are sorted and valid. */
  replace(spans, entries) {
    const kept = [];
    let at = 0;
    for (const { start, end } of spans) {
      const from = this.lowerBound(start);
      for (const entry of this.entries.slice(at, from)) kept.push(entry);
      at = end === void 0 ? this.entries.length : this.lowerBound(end);
    }
    for (const entry of this.entries.slice(at)) kept.push(entry);
    const merged = [...kept, ...entries].sort((a, b) => compareBytes(a[0], b[0]));
    return new _ModelState(merged);
  }
};

// src/metamorphic/compare.ts
import { byteEncodings } from "@sstitch/engine";
import { compareBytes as compareBytes2, equalBytes, toHex } from "@sstitch/keys";
var PAGE_ENTRIES = 100;
async function drainIterator(iterator) {
  const entries = [];
  try {
    for (; ; ) {
      const page = await iterator.nextv(PAGE_ENTRIES);
      if (page.length === 0) return entries;
      entries.push(...page);
    }
  } finally {
    await iterator.close();
  }
}
async function dump(engine, snapshot) {
  return drainIterator(engine.iterator({ ...byteEncodings, snapshot }));
}
function difference(actual, expected) {
  for (let at = 0; at < Math.max(actual.length, expected.length); at++) {
    const [a, e] = [actual[at], expected[at]];
    if (a !== void 0 && e !== void 0 && equalBytes(a[0], e[0]) && equalBytes(a[1], e[1])) {
      continue;
    }
    return `entry ${at} of ${actual.length} is ${show(a)}, the model has ${show(e)} of ${expected.length}`;
  }
  return void 0;
}
function expectEntries(what, actual, expected) {
  const problem = difference(actual, expected);
  if (problem !== void 0) {
    throw new TestkitError("SSTITCH_MODEL_MISMATCH", `${what}: ${problem}`);
  }
}
async function expectState(what, engine, state, snapshot) {
  expectEntries(`${what}, iterated`, await dump(engine, snapshot), state.entries);
  const reverse = engine.iterator({ ...byteEncodings, snapshot, reverse: true });
  expectEntries(`${what}, in reverse`, await drainIterator(reverse), state.entries.toReversed());
  const keys = state.entries.flatMap(([key]) => [key, Uint8Array.of(...key, 0)]);
  const values = await engine.getMany(keys, { ...byteEncodings, snapshot });
  for (const [index, key] of keys.entries()) expectValue(`${what}, getMany`, state, key, values[index]);
  const step = Math.ceil(keys.length / 40) || 1;
  for (let at = 0; at < keys.length; at += step) {
    const key = keys[at];
    if (key === void 0) continue;
    const value = await engine.get(key, { ...byteEncodings, snapshot });
    expectValue(`${what}, get`, state, key, value);
  }
}
function expectValue(what, state, key, actual) {
  const expected = state.get(key);
  const isEqual = actual === void 0 || expected === void 0 ? actual === expected : equalBytes(actual, expected);
  if (isEqual) return;
  throw new TestkitError(
    "SSTITCH_MODEL_MISMATCH",
    `${what}: key ${toHex(key)} has ${showValue(actual)}, in the model ${showValue(expected)}`
  );
}
function rangeOf(state, options) {
  const { gt, gte, lt, lte, reverse = false, limit = -1 } = options;
  const entries = state.entries.filter(
    ([key]) => (gt === void 0 || compareBytes2(key, gt) > 0) && (gte === void 0 || compareBytes2(key, gte) >= 0) && (lt === void 0 || compareBytes2(key, lt) < 0) && (lte === void 0 || compareBytes2(key, lte) <= 0)
  );
  if (reverse) entries.reverse();
  return limit >= 0 ? entries.slice(0, limit) : entries;
}
function show(entry) {
  return entry === void 0 ? "none" : `${toHex(entry[0])} = ${showValue(entry[1])}`;
}
function showValue(value) {
  if (value === void 0) return "no value";
  return `${value.length} bytes ${toHex(value.subarray(0, 8))}`;
}

// src/metamorphic/run-actions.ts
var MAX_HELD_VIEWS = 6;
var MetamorphicRun = class {
  #target;
  #engine;
  #state = ModelState.empty;
  #sourceState = ModelState.empty;
  #views = [];
  #number = 0;
  constructor(target) {
    this.#target = target;
    this.#engine = target.engine;
  }
  /** @throws TestkitError SSTITCH_MODEL_MISMATCH; whatever the engine throws */
  async run(actions) {
    for (const action of actions) {
      this.#number += 1;
      await this.#perform(action);
      await expectState(`after ${action.do}`, this.#engine, this.#state);
    }
    await this.#dropViews();
    await this.#reopen();
    await expectState("at the end", this.#engine, this.#state);
  }
  async #perform(action) {
    switch (action.do) {
      case "batch":
        return this.#write(this.#writesOf(action.writes), action.sync);
      case "fill": {
        const writes = Array.from({ length: action.count }, (_, index) => {
          const suffix = (index * 7919 % 65536).toString(16).padStart(4, "0");
          return { key: action.prefix + suffix, valueBytes: action.valueBytes };
        });
        return this.#write(this.#writesOf(writes), false);
      }
      case "clear":
        return this.#clear(boundsOf(action.range));
      case "replaceSpans": {
        const { spans, entries, next } = this.#plan(action);
        const options = pagesOf(entries, action.pageEntries);
        const { entries: count } = await this.#engine.replaceSpans(spans, options);
        if (count !== entries.length) {
          throw mismatch(`replaceSpans says ${count} entries, ${entries.length} were given`);
        }
        this.#state = next;
        return;
      }
      case "replaceUnderWrites":
        return this.#replaceUnderWrites(action, action.writes, action.via);
      case "replaceAborted":
        return this.#replaceAborted(action, action.afterMs);
      case "closeDuringReplace":
        return this.#closeDuringReplace(action, action.afterMs);
      case "transfer": {
        if (this.#target.transfer === void 0) return;
        const spans = spansOf(action);
        await this.#writeSource(this.#writesOf(action.entries));
        if (action.compactSource) await this.#target.compactSource?.();
        await this.#target.transfer(spans, action.move);
        this.#state = this.#state.replace(spans, within(spans, this.#sourceState.entries));
        return;
      }
      case "excise": {
        if (this.#target.excise === void 0) return;
        const spans = spansOf(action);
        await this.#target.excise(spans);
        this.#state = this.#state.replace(spans, []);
        return;
      }
      case "checkpoint": {
        const copied = await this.#target.checkpoint?.();
        if (copied === void 0) return;
        try {
          await expectState("the checkpoint", copied.engine, this.#state);
        } finally {
          await copied.destroy();
        }
        return;
      }
      case "reopen":
        return this.#reopen();
      case "compact":
        return this.#target.compactRange?.(fromHex(action.from), fromHex(action.to));
      case "openIterator":
        return this.#openIterator(action.range, action.ofSnapshot);
      case "stepIterator":
        return this.#stepIterator(action.pick, action.size);
      case "openSnapshot":
        if (this.#views.length >= MAX_HELD_VIEWS) return;
        this.#views.push({ state: this.#state, snapshot: this.#engine.snapshot(), rest: [] });
        return;
      case "readSnapshot": {
        const view = this.#pick(action.pick);
        if (view?.snapshot === void 0) return;
        await expectState("a snapshot", this.#engine, view.state, view.snapshot);
        for (const key of action.keys.map(fromHex)) {
          const options = { ...byteEncodings2, snapshot: view.snapshot };
          expectValue("a snapshot", view.state, key, await this.#engine.get(key, options));
        }
        return;
      }
      case "closeView": {
        const view = this.#pick(action.pick);
        if (view === void 0) return;
        this.#views = this.#views.filter((other) => other !== view);
        return this.#readOut(view);
      }
    }
  }
  async #write(writes, sync) {
    await this.#engine.batch(operationsOf(writes), { ...byteEncodings2, sync });
    this.#state = this.#state.write(writes);
  }
  async #writeSource(writes) {
    await this.#target.source?.batch(operationsOf(writes), byteEncodings2);
    this.#sourceState = this.#sourceState.write(writes);
  }
  async #clear(range) {
    if (this.#target.clear === void 0) return;
    await this.#target.clear(range);
    const gone = rangeOf(this.#state, range);
    this.#state = this.#state.write(gone.map(([key]) => ({ key, value: void 0 })));
  }
  /** Batches one after another beside a replacement: it falls between two of them, for every reader. */
  async #replaceUnderWrites(spec, steps, via) {
    const batches = steps.map((step) => this.#writesOf(step));
    const spans = spansOf(spec);
    const transfer = via === "tables" ? this.#target.transfer : void 0;
    let entries = within(spans, this.#writesOf(spec.entries).flatMap(asEntry));
    if (transfer !== void 0) {
      await this.#writeSource(this.#writesOf(spec.entries));
      entries = within(spans, this.#sourceState.entries);
    } else {
      entries = [...ModelState.empty.write(entries.map(([key, value]) => ({ key, value }))).entries];
    }
    const { during, final } = possibleStates(this.#state, batches, spans, entries);
    let isBusy = true;
    const replacing = transfer === void 0 ? this.#engine.replaceSpans(spans, pagesOf(entries, spec.pageEntries)) : transfer.call(this.#target, spans, false);
    const writing = (async () => {
      for (const batch of batches) {
        await this.#engine.batch(operationsOf(batch), byteEncodings2);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    })();
    const reading = (async () => {
      do {
        const seen = await dump(this.#engine);
        if (!during.some((state2) => difference(seen, state2.entries) === void 0)) {
          throw mismatch("a reader beside a replacement saw a state that never was");
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      } while (isBusy);
    })();
    const work = Promise.all([replacing, writing]).finally(() => {
      isBusy = false;
    });
    await Promise.all([work, reading]);
    const now = await dump(this.#engine);
    const state = final.find((candidate) => difference(now, candidate.entries) === void 0);
    if (state === void 0) {
      throw mismatch(
        `a replacement beside ${batches.length} batches: ${difference(now, final.at(-1)?.entries ?? [])}`
      );
    }
    this.#state = state;
  }
  async #replaceAborted(spec, afterMs) {
    const { spans, entries, next } = this.#plan(spec);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), afterMs);
    const pages = pagesOf(entries, spec.pageEntries);
    try {
      await this.#engine.replaceSpans(spans, pages, { signal: controller.signal });
      this.#state = next;
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
  async #closeDuringReplace(spec, afterMs) {
    if (this.#target.close === void 0 || this.#target.reopen === void 0) return;
    const { spans, entries, next } = this.#plan(spec);
    const replacing = this.#engine.replaceSpans(spans, pagesOf(entries, spec.pageEntries)).then(
      () => true,
      () => false
    );
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await this.#dropViews();
    await this.#target.close();
    if (await replacing) this.#state = next;
    await this.#reopen();
  }
  async #reopen() {
    if (this.#target.reopen === void 0) return;
    await this.#dropViews();
    this.#engine = await this.#target.reopen();
  }
  async #openIterator(range, ofSnapshot) {
    if (this.#views.length >= MAX_HELD_VIEWS) return;
    const options = boundsOf(range);
    const base = this.#views[ofSnapshot];
    const { state, snapshot } = base?.snapshot === void 0 ? { state: this.#state } : base;
    const iterator = this.#engine.iterator({ ...byteEncodings2, ...options, snapshot });
    if (snapshot !== void 0) {
      const seen = await drainIterator(iterator);
      expectEntries("an iterator of a snapshot", seen, rangeOf(state, options));
      return;
    }
    this.#views.push({ state, iterator, rest: rangeOf(state, options) });
  }
  async #stepIterator(pick, size) {
    const view = this.#pick(pick);
    if (view?.iterator === void 0) return;
    const page = await view.iterator.nextv(size);
    expectEntries("a held iterator", page, view.rest.slice(0, page.length));
    if (page.length === 0 && view.rest.length > 0) throw mismatch("a held iterator ended early");
    view.rest = view.rest.slice(page.length);
  }
  #pick(pick) {
    return this.#views[pick % Math.max(1, this.#views.length)];
  }
  /** Compares all that a view still shows, and closes it. */
  async #readOut(view) {
    if (view.snapshot !== void 0) {
      await expectState("a snapshot at its end", this.#engine, view.state, view.snapshot);
      await view.snapshot.close();
    }
    if (view.iterator !== void 0) {
      expectEntries("a held iterator at its end", await drainIterator(view.iterator), view.rest);
    }
  }
  async #dropViews() {
    const views = this.#views;
    this.#views = [];
    for (const view of views) await this.#readOut(view);
  }
  #plan(spec) {
    const spans = spansOf(spec);
    const given = ModelState.empty.write(this.#writesOf(spec.entries));
    const entries = within(spans, given.entries);
    return { spans, entries, next: this.#state.replace(spans, entries) };
  }
  /** Values tell which action wrote them. */
  #writesOf(steps) {
    return steps.map(({ key, valueBytes }, index) => {
      if (valueBytes === void 0) return { key: fromHex(key), value: void 0 };
      const value = new Uint8Array(valueBytes);
      for (let at = 0; at < valueBytes; at += 2) value[at] = Math.imul(at + index, 2654435761) >>> 24;
      value.set([this.#number >> 8, this.#number, index].slice(0, valueBytes));
      return { key: fromHex(key), value };
    });
  }
};
function possibleStates(start, batches, spans, entries) {
  const during = [];
  const final = [];
  let before = start;
  for (let applied = 0; applied <= batches.length; applied++) {
    during.push(before);
    let after = before.replace(spans, entries);
    during.push(after);
    for (const batch of batches.slice(applied)) {
      after = after.write(batch);
      during.push(after);
    }
    final.push(after);
    before = before.write(batches[applied] ?? []);
  }
  return { during, final };
}
function spansOf({ bounds, isLastUnbounded }) {
  const sorted = bounds.map(fromHex).sort(compareBytes3);
  const spans = [];
  for (let at = 0; at + 1 < sorted.length; at += 2) {
    const [start, end] = [sorted[at], sorted[at + 1]];
    if (start !== void 0) spans.push({ start, end });
  }
  const last = sorted.length % 2 === 1 ? sorted.at(-1) : void 0;
  if (isLastUnbounded && last !== void 0) spans.push({ start: last, end: void 0 });
  return spans;
}
function within(spans, entries) {
  return entries.filter(([key]) => spans.some((span) => spanContains(span, key)));
}
function asEntry({ key, value }) {
  return value === void 0 ? [] : [[key, value]];
}
function operationsOf(writes) {
  return writes.map(
    ({ key, value }) => value === void 0 ? { type: "del", key } : { type: "put", key, value }
  );
}
async function* pagesOf(entries, pageEntries) {
  for (let at = 0; at < entries.length; at += pageEntries) yield entries.slice(at, at + pageEntries);
}
function boundsOf({ from, to, isFromOpen, isToClosed, reverse, limit }) {
  return {
    ...from === void 0 ? {} : { [isFromOpen ? "gt" : "gte"]: fromHex(from) },
    ...to === void 0 ? {} : { [isToClosed ? "lte" : "lt"]: fromHex(to) },
    reverse,
    limit
  };
}
function fromHex(hex) {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
function mismatch(message) {
  return new TestkitError("SSTITCH_MODEL_MISMATCH", message);
}

// zz-run.ts
var folder = temporaryFolder();
await openStore(folder.path + "/keeper");
var seq = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (let k = 0; k < Number(process.argv[3] ?? 1); k++) {
  const target = await makeStoreTarget();
  try {
    await new MetamorphicRun(target).run(seq);
  } catch (e) {
    console.log("FAILED", e);
    await target.destroy().catch(() => {
    });
    process.exit(3);
  }
  await target.destroy();
}
folder.remove();
process.exit(0);
