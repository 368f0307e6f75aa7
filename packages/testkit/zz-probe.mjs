// zz-probe.ts
import { appendFileSync, writeFileSync } from "fs";
import fc2 from "fast-check";

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
    clear: (range2) => store.clear({ ...range2, ...bytes }),
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

// src/metamorphic/actions.ts
import fc from "fast-check";
var keyByte = fc.constantFrom("00", "01", "61", "62", "7f", "fe", "ff");
var key = fc.oneof(
  { weight: 30, arbitrary: fc.array(keyByte, { minLength: 1, maxLength: 4 }).map((b) => b.join("")) },
  { weight: 1, arbitrary: fc.constantFrom("", "ff".repeat(70), `${"ff".repeat(70)}00`) }
);
var valueBytes = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1e3, max: 9e3 }) }
);
var put = fc.record({ key, valueBytes });
var write = fc.record({
  key,
  valueBytes: fc.oneof({ weight: 3, arbitrary: valueBytes }, { weight: 1, arbitrary: fc.constant(void 0) })
});
var writes = fc.array(write, { minLength: 1, maxLength: 10 });
var range = fc.record({
  from: fc.option(key, { nil: void 0 }),
  to: fc.option(key, { nil: void 0 }),
  isFromOpen: fc.boolean(),
  isToClosed: fc.boolean(),
  reverse: fc.boolean(),
  limit: fc.constantFrom(-1, -1, -1, 1, 7)
});
var replace = fc.record({
  bounds: fc.array(key, { minLength: 0, maxLength: 8 }),
  isLastUnbounded: fc.nat(5).map((n2) => n2 === 0),
  entries: fc.array(put, { maxLength: 25 }),
  pageEntries: fc.integer({ min: 1, max: 9 })
});
var pick = fc.nat(7);
var afterMs = fc.integer({ min: 0, max: 60 });
var WEIGHTED = [
  [10, fc.record({ do: fc.constant("batch"), writes, sync: fc.boolean() })],
  [
    3,
    fc.record({
      do: fc.constant("fill"),
      prefix: key,
      count: fc.integer({ min: 10, max: 150 }),
      valueBytes: fc.integer({ min: 200, max: 1500 })
    })
  ],
  [2, fc.record({ do: fc.constant("clear"), range })],
  [8, tagged("replaceSpans", {})],
  [
    4,
    tagged("replaceUnderWrites", {
      writes: fc.array(writes, { minLength: 1, maxLength: 5 }),
      via: fc.constantFrom("entries", "tables")
    })
  ],
  [2, tagged("replaceAborted", { afterMs })],
  [1, tagged("closeDuringReplace", { afterMs })],
  [6, tagged("transfer", { move: fc.boolean(), compactSource: fc.boolean() })],
  [3, tagged("excise", {})],
  [1, fc.record({ do: fc.constant("checkpoint") })],
  [2, fc.record({ do: fc.constant("reopen") })],
  [3, fc.record({ do: fc.constant("compact"), from: key, to: key })],
  [3, fc.record({ do: fc.constant("openIterator"), range, ofSnapshot: fc.nat(9) })],
  [4, fc.record({ do: fc.constant("stepIterator"), pick, size: fc.integer({ min: 1, max: 40 }) })],
  [3, fc.record({ do: fc.constant("openSnapshot") })],
  [3, fc.record({ do: fc.constant("readSnapshot"), pick, keys: fc.array(key, { maxLength: 4 }) })],
  [3, fc.record({ do: fc.constant("closeView"), pick })]
];
function actionSequences(maxActions) {
  const action = fc.oneof(...WEIGHTED.map(([weight, arbitrary]) => ({ weight, arbitrary })));
  return fc.array(action, { minLength: Math.ceil(maxActions / 2), maxLength: maxActions, size: "max" });
}
function tagged(name, more) {
  return fc.tuple(replace, fc.record(more)).map(([spec, extra]) => ({ do: name, ...spec, ...extra }));
}

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
  get(key2) {
    const entry = this.entries[this.lowerBound(key2)];
    return entry !== void 0 && compareBytes(entry[0], key2) === 0 ? entry[1] : void 0;
  }
  /** The index of the first key that is not below `key`. */
  lowerBound(key2) {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = low + high >>> 1;
      const entry = this.entries[middle];
      if (entry !== void 0 && compareBytes(entry[0], key2) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  /** The state after writes, of which the last one to a key wins. */
  write(writes2) {
    const sorted = writes2.map((write2, order) => ({ write: write2, order })).sort((a, b) => compareBytes(a.write.key, b.write.key) || a.order - b.order);
    const next = [];
    let at = 0;
    for (const [index, { write: write2 }] of sorted.entries()) {
      const following = sorted[index + 1]?.write.key;
      if (following !== void 0 && compareBytes(following, write2.key) === 0) continue;
      const found = this.lowerBound(write2.key);
      for (const entry of this.entries.slice(at, found)) next.push(entry);
      const present = this.entries[found];
      const isThere = present !== void 0 && compareBytes(present[0], write2.key) === 0;
      at = isThere ? found + 1 : found;
      if (write2.value !== void 0) next.push([write2.key, write2.value]);
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
  const keys = state.entries.flatMap(([key2]) => [key2, Uint8Array.of(...key2, 0)]);
  const values = await engine.getMany(keys, { ...byteEncodings, snapshot });
  for (const [index, key2] of keys.entries()) expectValue(`${what}, getMany`, state, key2, values[index]);
  const step = Math.ceil(keys.length / 40) || 1;
  for (let at = 0; at < keys.length; at += step) {
    const key2 = keys[at];
    if (key2 === void 0) continue;
    const value = await engine.get(key2, { ...byteEncodings, snapshot });
    expectValue(`${what}, get`, state, key2, value);
  }
}
function expectValue(what, state, key2, actual) {
  const expected = state.get(key2);
  const isEqual = actual === void 0 || expected === void 0 ? actual === expected : equalBytes(actual, expected);
  if (isEqual) return;
  throw new TestkitError(
    "SSTITCH_MODEL_MISMATCH",
    `${what}: key ${toHex(key2)} has ${showValue(actual)}, in the model ${showValue(expected)}`
  );
}
function rangeOf(state, options) {
  const { gt, gte, lt, lte, reverse = false, limit = -1 } = options;
  const entries = state.entries.filter(
    ([key2]) => (gt === void 0 || compareBytes2(key2, gt) > 0) && (gte === void 0 || compareBytes2(key2, gte) >= 0) && (lt === void 0 || compareBytes2(key2, lt) < 0) && (lte === void 0 || compareBytes2(key2, lte) <= 0)
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
        const writes2 = Array.from({ length: action.count }, (_, index) => {
          const suffix = (index * 7919 % 65536).toString(16).padStart(4, "0");
          return { key: action.prefix + suffix, valueBytes: action.valueBytes };
        });
        return this.#write(this.#writesOf(writes2), false);
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
        for (const key2 of action.keys.map(fromHex)) {
          const options = { ...byteEncodings2, snapshot: view.snapshot };
          expectValue("a snapshot", view.state, key2, await this.#engine.get(key2, options));
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
  async #write(writes2, sync) {
    await this.#engine.batch(operationsOf(writes2), { ...byteEncodings2, sync });
    this.#state = this.#state.write(writes2);
  }
  async #writeSource(writes2) {
    await this.#target.source?.batch(operationsOf(writes2), byteEncodings2);
    this.#sourceState = this.#sourceState.write(writes2);
  }
  async #clear(range2) {
    if (this.#target.clear === void 0) return;
    await this.#target.clear(range2);
    const gone = rangeOf(this.#state, range2);
    this.#state = this.#state.write(gone.map(([key2]) => ({ key: key2, value: void 0 })));
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
      entries = [...ModelState.empty.write(entries.map(([key2, value]) => ({ key: key2, value }))).entries];
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
  async #replaceAborted(spec, afterMs2) {
    const { spans, entries, next } = this.#plan(spec);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), afterMs2);
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
  async #closeDuringReplace(spec, afterMs2) {
    if (this.#target.close === void 0 || this.#target.reopen === void 0) return;
    const { spans, entries, next } = this.#plan(spec);
    const replacing = this.#engine.replaceSpans(spans, pagesOf(entries, spec.pageEntries)).then(
      () => true,
      () => false
    );
    await new Promise((resolve) => setTimeout(resolve, afterMs2));
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
  async #openIterator(range2, ofSnapshot) {
    if (this.#views.length >= MAX_HELD_VIEWS) return;
    const options = boundsOf(range2);
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
  async #stepIterator(pick2, size) {
    const view = this.#pick(pick2);
    if (view?.iterator === void 0) return;
    const page = await view.iterator.nextv(size);
    expectEntries("a held iterator", page, view.rest.slice(0, page.length));
    if (page.length === 0 && view.rest.length > 0) throw mismatch("a held iterator ended early");
    view.rest = view.rest.slice(page.length);
  }
  #pick(pick2) {
    return this.#views[pick2 % Math.max(1, this.#views.length)];
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
    return steps.map(({ key: key2, valueBytes: valueBytes2 }, index) => {
      if (valueBytes2 === void 0) return { key: fromHex(key2), value: void 0 };
      const value = new Uint8Array(valueBytes2);
      for (let at = 0; at < valueBytes2; at += 2) value[at] = Math.imul(at + index, 2654435761) >>> 24;
      value.set([this.#number >> 8, this.#number, index].slice(0, valueBytes2));
      return { key: fromHex(key2), value };
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
  return entries.filter(([key2]) => spans.some((span) => spanContains(span, key2)));
}
function asEntry({ key: key2, value }) {
  return value === void 0 ? [] : [[key2, value]];
}
function operationsOf(writes2) {
  return writes2.map(
    ({ key: key2, value }) => value === void 0 ? { type: "del", key: key2 } : { type: "put", key: key2, value }
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

// zz-probe.ts
var folder = temporaryFolder();
await openStore(folder.path + "/keeper");
var seed = Number(process.argv[2]);
var n = Number(process.argv[3] ?? 10);
var samples = fc2.sample(actionSequences(Number(process.argv[4] ?? 40)), { seed, numRuns: n });
for (const [i, seq] of samples.entries()) {
  const target = await makeStoreTarget();
  const run = new MetamorphicRun(target);
  writeFileSync("/tmp/tkwork/last.json", JSON.stringify(seq));
  writeFileSync("/tmp/tkwork/last.log", "");
  const p = run;
  try {
    await p.run(seq.map((a) => new Proxy(a, { get(t, k) {
      if (k === "do") appendFileSync("/tmp/tkwork/last.log", t.do + "\n");
      return t[k];
    } })));
    console.log("run", i, "ok");
  } catch (e) {
    console.log("run", i, "FAILED", e);
    writeFileSync("/tmp/tkwork/fail-" + seed + "-" + i + ".json", JSON.stringify(seq));
  }
  await target.destroy().catch((e) => console.log("destroy", e));
}
folder.remove();
process.exit(0);
