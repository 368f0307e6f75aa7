// For each operation of a store, and each kind of file operation that it runs: the store closes at that moment, and is
// reopened, written to and committed to.
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openReadOnly } from '../src/index.js';
import { UnsyncedFiles } from '../src/threads/unsynced-files.js';
import { openFilesIn } from './open-files.js';
import {
  bytes,
  type Contents,
  contentsOf,
  expectContents,
  expectTidy,
  openStore,
  put,
  span,
  VIEW,
} from './store-fixture.js';
import {
  OPERATIONS,
  openScene,
  removeTemplate,
  SPANS,
  type StoreOperation,
} from './store-operations.js';
import { type FileOperation, watchedFileSystem } from './watched-file-system.js';

afterAll(removeTemplate);

/** Describes a file operation without the numbers in its names, which differ from run to run. */
function kindOf({ name, path, to }: FileOperation): string {
  const place = (full: string) => {
    const names = full.split('/').slice(-3).join('/');
    return names.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '#').replace(/\d+/g, '#');
  };
  return `${name} ${place(path)}${to === undefined ? '' : ` ${place(to)}`}`;
}

/** Returns the moments to close at: the first and the last file operation of each kind in an undisturbed run. */
async function momentsOf({ prepare }: StoreOperation): Promise<Array<readonly [string, number]>> {
  const watched = watchedFileSystem();
  const scene = await openScene(watched);
  const begin = await prepare(scene);
  const counts = new Map<string, number>();
  watched.before = (operation) => {
    const kind = kindOf(operation);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  };
  await begin();
  // Work that continues in the background belongs to the operation.
  await scene.base.close();
  return [...counts].flatMap(([kind, count]) =>
    count === 1 ? [[kind, 1] as const] : [[kind, 1] as const, [kind, count] as const],
  );
}

const ENDED_EARLY = /^(SSTITCH_ABORTED|SSTITCH_STORE_CLOSED|LEVEL_.*_NOT_OPEN)$/;

describe.each(Object.entries(OPERATIONS))('%s', (_, operation) => {
  test('has settled when a close at any of its steps fulfils, and touches nothing afterwards', async () => {
    const moments = await momentsOf(operation);
    expect(moments.length).toBeGreaterThan(0);
    for (const [kind, nth] of moments) {
      await closeAt(operation, kind, nth);
    }
  });
});

async function closeAt(operation: StoreOperation, kind: string, nth: number): Promise<void> {
  const watched = watchedFileSystem();
  const scene = await openScene(watched);
  const { base } = scene;
  const begin = await operation.prepare(scene);
  const before = await contentsOf(base);
  let closing: Promise<void> | undefined;
  let seen = 0;
  const reached = new Promise<void>((resolve) => {
    watched.before = (done) => {
      if (kindOf(done) !== kind || ++seen !== nth || closing !== undefined) return;
      closing = base.close();
      resolve();
    };
  });
  let outcome = 'pending';
  const settled = begin().then(
    () => {
      outcome = 'done';
    },
    (error: { code?: string }) => {
      outcome = error.code ?? String(error);
    },
  );
  await Promise.race([reached, settled]);
  await (closing ?? base.close());
  const where = `${kind}, ${nth}`;
  expect(outcome, where).not.toBe('pending');
  if (outcome !== 'done') expect(outcome, where).toMatch(ENDED_EARLY);

  const late: string[] = [];
  watched.before = (done) => {
    if (`${done.path}${done.to}`.includes(base.location)) late.push(kindOf(done));
  };
  const second = await openStore(base.location);
  const contents = await contentsOf(second);
  if (operation.inSteps === undefined) {
    expect(contents, where).toEqual(outcome === 'done' ? (operation.after ?? before) : before);
  }
  await writeAndCommit(second, contents);
  expect(late, where).toEqual([]);
  await scene.source.close();
  expect(openFilesIn(scene.directory), where).toEqual([]);
}

/** Expects that the writes of the next open are kept, and that nothing of the earlier open is left. */
async function writeAndCommit(
  store: Awaited<ReturnType<typeof openStore>>,
  contents: Contents,
): Promise<void> {
  await store.put(bytes('synced'), bytes('1'), { ...VIEW, sync: true });
  await store.excise([span('k0040', 'k0050')]);
  await put(store, [['later', '2']]);
  contents.set('synced', '1').set('later', '2');
  for (const key of [...contents.keys()]) {
    if (key >= 'k0040' && key < 'k0050') contents.delete(key);
  }
  await store.close();
  expectTidy(store.location);
  const reopened = await openStore(store.location);
  await expectContents(reopened, contents);
  await reopened.close();
}

test.each(['a store', 'a read-only store'])(
  'an extract of %s that fsyncs its tables settles before a close fulfils',
  async (what) => {
    const { base, directory } = await openScene();
    const store = what === 'a store' ? base : await openReadOnly(base.location, VIEW);
    const events: string[] = [];
    let closed: Promise<unknown> | undefined;
    const sync = vi.spyOn(UnsyncedFiles.prototype, 'sync');
    onTestFinished(() => sync.mockRestore());
    sync.mockImplementation(async function (this: UnsyncedFiles) {
      closed = store.close().then(() => events.push('closed'));
      // A fsync that takes longer than a close.
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 200))]);
      this.close();
    });
    const settle = () => events.push('settled');
    await store.extract(SPANS, join(directory, 'extracted')).then(settle, settle);
    await closed;
    expect(events).toEqual(['settled', 'closed']);
  },
);
