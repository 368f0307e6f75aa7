// Checks plain LevelDB directories after an adoption was killed. Each directory is still the same database for
// LevelDB itself. An acknowledged target is a store with exactly the content of its directory. A target whose
// creation was interrupted is absent, refused with a typed error, or whole, and can be created again after it
// is removed.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { byteEncodings, type ReadableEngine } from '@sstitch/contract';
import { adopt, EngineError, Store } from '@sstitch/engine';
import { ClassicLevel } from 'classic-level';
import { type AdoptOrders, PLAIN_OPTIONS } from './kill-adopting.js';
import { SHARE_SMALL_PARTS } from './kill-compacting.js';
import { checkWrites, WRITTEN_SPAN } from './kill-writes.js';
import { checkDirectory, isNotFound, type KilledWork } from './killed-compactions.js';
import type { MadeTarget, VictimReport } from './victim-report.js';

const MAX_WRITES = 3000;
const LAYERS = 3;
const KEYS_IN_LAYER = 500;
/** Prefixes of the keys on both sides of the writes. */
const PREFIXES = ['fixed-', 'z-fixed-'] as const;

/** Half of the keys of the first prefix; its bounds lie inside tables. */
const EXCISED_SPAN = { start: Buffer.from('fixed-00250'), end: Buffer.from('fixed-00750') };
const KEYS_LEFT = PREFIXES.length * 1000 - 500;

type PlainLevel = ClassicLevel<Uint8Array, Uint8Array>;

export class KilledAdoptions implements KilledWork {
  readonly #directory: string;
  readonly #plainPaths: readonly string[];
  /** The digests of the keys that never change, one for each plain directory. */
  readonly #fixed: readonly string[];
  #firstWrite = 0;
  #nextWrite = 0;

  private constructor(directory: string, plainPaths: readonly string[], fixed: readonly string[]) {
    this.#directory = directory;
    this.#plainPaths = plainPaths;
    this.#fixed = fixed;
  }

  /**
   * Creates the plain directories with classic-level.
   *
   * @param otherDirectory where the last one lies; its tables are copied if it is on another file system
   */
  static async make(directory: string, otherDirectory: string): Promise<KilledAdoptions> {
    mkdirSync(`${directory}/targets`);
    const plainPaths = [
      `${directory}/plain-live`,
      `${directory}/plain`,
      `${otherDirectory}/plain-other`,
    ];
    const fixed: string[] = [];
    for (const [index, path] of plainPaths.entries()) {
      const level: PlainLevel = new ClassicLevel(path, PLAIN_OPTIONS);
      await level.open();
      for (let layer = 0; layer < LAYERS; layer++) await level.batch(layerOf(index, layer));
      fixed.push(await fixedDigest(level));
      await level.close();
    }
    return new KilledAdoptions(directory, plainPaths, fixed);
  }

  orders(): AdoptOrders {
    return {
      kind: 'adopt',
      plainPaths: this.#plainPaths,
      firstWrite: this.#nextWrite,
      targetPath: `${this.#directory}/targets/target`,
    };
  }

  async check(report: VictimReport): Promise<void> {
    const least = Math.max(report.lastWrite, this.#nextWrite - 1);
    for (const [target, made] of report.targets) {
      try {
        if (made.mostWrite === undefined) await this.#checkCutShort(target, made, least + 1);
        else await this.#checkAcknowledged(target, made, made.mostWrite);
      } catch (error) {
        throw new Error(`target ${target} (${JSON.stringify(made)})`, { cause: error });
      }
    }
    // Checked last: the use of the linked stores must not have changed their sources.
    for (const index of this.#plainPaths.keys()) await this.#checkPlain(index, least);
    rmSync(`${this.#directory}/targets`, { recursive: true });
    mkdirSync(`${this.#directory}/targets`);
  }

  async #checkPlain(index: number, least: number): Promise<void> {
    const path = this.#plainPaths[index] ?? '';
    const level: PlainLevel = new ClassicLevel(path, { ...PLAIN_OPTIONS, createIfMissing: false });
    try {
      await level.open();
      await this.#checkFixed(level, index);
      if (index === 0) {
        this.#nextWrite = (await checkWrites(level, this.#firstWrite, least, least + 1)) + 1;
        if (this.#nextWrite - this.#firstWrite > MAX_WRITES) {
          await level.clear({ gte: WRITTEN_SPAN.start, lt: WRITTEN_SPAN.end });
          this.#firstWrite = this.#nextWrite;
        }
      }
    } catch (error) {
      throw new Error(`the plain directory ${path}`, { cause: error });
    } finally {
      await level.close();
    }
  }

  async #checkAcknowledged(target: number, made: MadeTarget, mostWrite: number): Promise<void> {
    const path = this.#targetPath(target);
    await this.#checkStore(target, made.leastWrite, mostWrite, true);
    await expectRefused(this.#plainOf(target), path);
    checkDirectory(path);
  }

  async #checkCutShort(target: number, made: MadeTarget, mostWrite: number): Promise<void> {
    const path = this.#targetPath(target);
    const plain = this.#plainOf(target);
    if (existsSync(path) && readdirSync(path).length > 0) {
      await expectRefused(plain, path);
      const isWhole = await this.#checkStore(target, made.leastWrite, mostWrite, false).then(
        () => true,
        (error: unknown) => {
          if (isNotFound(error)) return false;
          throw error;
        },
      );
      if (!isWhole) await this.#checkNotMade(target);
      rmSync(path, { recursive: true });
    }
    await adopt(plain, path);
    await this.#checkStore(target, made.leastWrite, mostWrite, false);
    checkDirectory(path);
  }

  /** Checks that no store is made in an interrupted target. */
  async #checkNotMade(target: number): Promise<void> {
    const store = new Store<Uint8Array, Uint8Array>(this.#targetPath(target), byteEncodings);
    const error = await store.open().then(
      () => undefined,
      (thrown: unknown) => (thrown as { cause?: unknown }).cause,
    );
    await store.close();
    if (error instanceof EngineError && error.code === 'SSTITCH_STORE_FORMAT') return;
    throw new Error(`opening ${store.location} must fail with SSTITCH_STORE_FORMAT`, {
      cause: error,
    });
  }

  /** @param use whether to write, excise and compact too, none of which may change the source */
  async #checkStore(target: number, least: number, most: number, use: boolean): Promise<void> {
    const store = new Store<Uint8Array, Uint8Array>(this.#targetPath(target), {
      ...byteEncodings,
      ...SHARE_SMALL_PARTS,
      createIfMissing: false,
    });
    try {
      await store.open();
      await this.#checkContents(store, target, least, most);
      if (!use) return;
      // Excises while the tables are still shared with the source; LevelDB rewrites them afterwards.
      await store.excise([EXCISED_SPAN]);
      await expectLeft(store);
      await store.compactRange(new Uint8Array(0), new Uint8Array(8).fill(255), byteEncodings);
      await expectLeft(store);
    } finally {
      await store.close();
    }
  }

  async #checkContents(
    reader: Pick<ReadableEngine, 'iterator'>,
    target: number,
    least: number,
    most: number,
  ): Promise<void> {
    const index = target % this.#plainPaths.length;
    await this.#checkFixed(reader, index);
    const none = this.#firstWrite - 1;
    await checkWrites(
      reader,
      this.#firstWrite,
      index === 0 ? least : none,
      index === 0 ? most : none,
    );
  }

  async #checkFixed(reader: Pick<ReadableEngine, 'iterator'>, index: number): Promise<void> {
    if ((await fixedDigest(reader)) !== this.#fixed[index]) {
      throw new Error('its initial keys have changed');
    }
  }

  #targetPath(target: number): string {
    return `${this.#directory}/targets/target-${target}`;
  }

  #plainOf(target: number): string {
    return this.#plainPaths[target % this.#plainPaths.length] ?? '';
  }
}

function layerOf(index: number, layer: number) {
  return PREFIXES.flatMap((prefix) =>
    Array.from({ length: KEYS_IN_LAYER }, (_, number) => ({
      type: 'put' as const,
      // Each layer overlaps half of the previous one.
      key: Buffer.from(`${prefix}${String(number + (layer * KEYS_IN_LAYER) / 2).padStart(5, '0')}`),
      value: Buffer.from(`${index}-${layer}-${Math.imul(number + 1, 2654435761) >>> 0}`.repeat(2)),
    })),
  );
}

async function expectLeft(store: Store<Uint8Array, Uint8Array>): Promise<void> {
  const keys = await store.keys().all();
  const left = keys.filter((key) => !Buffer.from(key).toString().startsWith('written-')).length;
  if (left !== KEYS_LEFT) throw new Error(`an excise left ${left} keys, not ${KEYS_LEFT}`);
}

/** Computes the digest of everything but the writes. */
async function fixedDigest(reader: Pick<ReadableEngine, 'iterator'>): Promise<string> {
  const hash = createHash('sha256');
  for (const range of [{ lt: WRITTEN_SPAN.start }, { gte: WRITTEN_SPAN.end }]) {
    const iterator = reader.iterator({ ...byteEncodings, ...range });
    try {
      for (;;) {
        const page = await iterator.nextv(1000);
        if (page.length === 0) break;
        for (const [key, value] of page) {
          hash.update(`${key.length} ${value.length} `).update(key).update(value);
        }
      }
    } finally {
      await iterator.close();
    }
  }
  return hash.digest('hex');
}

async function expectRefused(plain: string, path: string): Promise<void> {
  const error = await adopt(plain, path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof EngineError && error.code === 'SSTITCH_TARGET_EXISTS') return;
  throw new Error(`adopting into ${path} again must fail with SSTITCH_TARGET_EXISTS`, {
    cause: error,
  });
}
