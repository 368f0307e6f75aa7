// Operations on whole syncs from the command line, checked by the digests of the store afterwards.
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { openC1z } from '@sstitch/c1z';
import { replacedVersionId } from '@sstitch/operations';
import { encodeRecord, SyncRunRecordSchema, SyncType } from '@sstitch/records';
import { beforeAll, describe, expect, it } from 'vitest';
import { FIRST, makeScene, SECOND, THIRD } from './every-command.js';
import { digestsOf, sstitch, sstitchJson, testDirectory } from './in-process.js';

let template: string;

beforeAll(async () => {
  template = await makeScene();
  return () => rmSync(template, { recursive: true, force: true });
});

/** Creates a base of two syncs and a store with a newer version of the first; returns the digests of both. */
async function scene() {
  const directory = testDirectory();
  cpSync(template, directory, { recursive: true });
  const [base, fresh] = [join(directory, 'base'), join(directory, 'fresh')];
  return { directory, base, fresh, held: await digestsOf(base), newer: await digestsOf(fresh) };
}

describe('compact --keep-replaced and rollback', () => {
  it('change to the newer version and back, byte for byte', async () => {
    const { base, fresh, held, newer } = await scene();
    const line = ['compact', '--base', base, '--from', fresh, '--all', '--keep-replaced'];
    const { kept } = await sstitchJson<{ kept: { side: string }[] }>(...line);
    const side = kept[0]?.side ?? '';
    expect(await digestsOf(base)).toMatchObject({ [FIRST]: newer[FIRST], [SECOND]: held[SECOND] });
    expect(await sstitchJson('verify', base)).toMatchObject({ ok: true, syncs: 3 });
    const back = await sstitchJson('rollback', base, '--sync', FIRST);
    expect(back).toMatchObject({ syncId: FIRST, side });
    expect(await digestsOf(base)).toMatchObject(held);
    expect(await sstitchJson('verify', base)).toMatchObject({ ok: true, syncs: 3 });
    await sstitchJson('rollback', base, '--sync', FIRST, '--side', side);
    expect((await digestsOf(base))[FIRST]).toBe(newer[FIRST]);
  });

  it('keep the version under a given id, for instance if another sync has the default one', async () => {
    const { base, fresh, held, newer } = await scene();
    const taken = replacedVersionId(FIRST);
    await sstitchJson('clone', base, '--sync', SECOND, '--as', taken);
    const before = await digestsOf(base);
    const line = ['compact', '--base', base, '--from', fresh, '--all', '--keep-replaced'];
    const refused = await sstitch(line);
    expect({ exitCode: refused.exitCode, digests: await digestsOf(base) }).toEqual({
      exitCode: 1,
      digests: before,
    });
    expect(refused.stderr).toMatch(
      new RegExp(`^sstitch: [^\n]* ${taken}, [^\n]*--side[^\n]*\`sstitch rename\`[^\n]*\n$`),
    );
    const { kept } = await sstitchJson<{ kept: object[] }>(...line, '--side', THIRD);
    expect(kept).toEqual([{ syncId: FIRST, side: THIRD, isUnchanged: false }]);
    expect(await digestsOf(base)).toMatchObject({ [FIRST]: newer[FIRST], [taken]: before[taken] });
    await sstitchJson('rollback', base, '--sync', FIRST, '--side', THIRD);
    expect((await digestsOf(base))[FIRST]).toBe(held[FIRST]);
  });

  it('say that nothing is kept in place of a version whose sync is gone', async () => {
    const { base, fresh, held } = await scene();
    const line = ['compact', '--base', base, '--from', fresh, '--all', '--keep-replaced'];
    await sstitchJson(...line);
    await sstitchJson('drop', base, '--sync', FIRST, '--yes');
    const { stdout } = await sstitch(['rollback', base, '--sync', FIRST]);
    expect(stdout).toContain('The store held nothing of it, so no version is kept');
    expect(stdout).not.toContain('the same command');
    expect(await digestsOf(base)).toEqual(held);
    expect((await sstitch(['rollback', base, '--sync', FIRST])).exitCode).toBe(3);
  });

  it('refuse a side id without a version to keep, or for several syncs', async () => {
    const { base, fresh } = await scene();
    await sstitchJson('clone', fresh, '--sync', FIRST, '--as', SECOND);
    const line = ['compact', '--base', base, '--from', fresh, '--all', '--side', THIRD];
    for (const [more, message] of [
      [[], '--side is the id of the replaced version: add --keep-replaced'],
      [['--keep-replaced'], '--side takes one sync: name one with --sync'],
    ] as const) {
      const { exitCode, stderr } = await sstitch([...line, ...more]);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 2,
        stderr: expect.stringContaining(message),
      });
    }
  });

  it('keep the older version if the newer one comes again', async () => {
    const { base, fresh, held } = await scene();
    const line = ['compact', '--base', base, '--from', fresh, '--all', '--keep-replaced'];
    await sstitchJson(...line);
    const { kept } = await sstitchJson<{ kept: object[] }>(...line);
    expect(kept).toEqual([{ syncId: FIRST, side: null, isUnchanged: true }]);
    await sstitchJson('rollback', base, '--sync', FIRST);
    expect((await digestsOf(base))[FIRST]).toBe(held[FIRST]);
  });

  it('keep the version of the store, never one of a file', async () => {
    const { directory, base, fresh, held } = await scene();
    const line = ['compact', '--base', base, '--from', fresh, '--all', '--keep-replaced'];
    const { kept } = await sstitchJson<{ kept: { side: string }[] }>(...line);
    const side = kept[0]?.side ?? '';
    const file = join(directory, 'kept.jsonl');
    await sstitchJson('export', base, '--sync', side, '--output', file);
    const other = join(directory, 'other');
    await sstitchJson('import', file, '--into', other);
    expect(await sstitchJson('syncs', other)).toMatchObject([{ syncId: side, type: 'full' }]);
    await sstitchJson('rename', other, '--sync', side, '--as', FIRST);
    expect(await digestsOf(other)).toEqual({ [FIRST]: held[FIRST] });
  });

  it('make an ordinary sync of a kept version in a file, in which Baton finds it by its type', async () => {
    const { directory, base, fresh } = await scene();
    const line = ['compact', '--base', base, '--from', fresh, '--all', '--keep-replaced'];
    const { kept } = await sstitchJson<{ kept: { side: string }[] }>(...line);
    const side = kept[0]?.side ?? '';
    for (const format of ['c1z', 'c1z1']) {
      const path = join(directory, `${format}.c1z`);
      await sstitchJson('export', base, '--sync', side, '--format', format, '--output', path);
      const file = await openC1z(path);
      const [run] = file.syncs();
      expect(run).toMatchObject({ syncId: side, type: SyncType.FULL, linkedSyncId: '' });
      expect(run?.syncToken).not.toContain('sstitch-replaced-version');
      await file.close();
    }
  });

  it('make an ordinary sync of a kept version that is written under another id', async () => {
    const { directory, base, fresh } = await scene();
    const keep = () =>
      sstitchJson<{ kept: { side: string }[] }>(
        ...['compact', '--base', base, '--from', fresh, '--sync', FIRST, '--keep-replaced'],
      );
    const [{ side }] = (await keep()).kept as [{ side: string }];
    const backup = join(directory, 'backup');
    await sstitchJson('clone', base, '--sync', side, '--into', backup);
    const line = ['compact', '--base', base, '--from', backup, '--sync', side, '--as', SECOND];
    await sstitchJson(...line);
    await sstitchJson('expand', base, '--sync', side, '--as', THIRD);
    const syncs = () => sstitchJson<{ syncId: string; type: string }[]>('syncs', base);
    for (const syncId of [SECOND, THIRD]) {
      expect(await syncs()).toContainEqual(expect.objectContaining({ syncId, type: 'full' }));
    }
    // The next compaction removes other versions of the sync.
    await sstitchJson('generate', fresh, '--grants', '40', '--revision', '3', '--replace');
    await keep();
    const left = (await syncs()).map(({ syncId }) => syncId);
    expect(left).toEqual(expect.arrayContaining([SECOND, THIRD]));
  });

  it('keep a version that only its id names', async () => {
    const { base, fresh } = await scene();
    await sstitchJson('drop', base, '--sync', SECOND, '--yes');
    const line = ['compact', '--base', base, '--from', fresh, '--all', '--keep-replaced'];
    await sstitchJson(...line);
    const digest = (sync: string) => sstitch(['digest', base, '--sync', sync, '--json']);
    expect(JSON.parse((await digest('latest')).stdout)).toMatchObject({ syncId: FIRST });
    expect((await digest('@2')).exitCode).toBe(3);
    const side = (await sstitchJson<{ syncId: string; type: string }[]>('syncs', base)).find(
      ({ type }) => type === 'replaced',
    );
    expect((await digest(side?.syncId ?? '')).exitCode).toBe(0);
  });
});

describe('clone and rename', () => {
  it('leave no store where there was none if they fail', async () => {
    const { directory, base } = await scene();
    const archive = join(directory, 'archive');
    const clone = ['clone', base, '--sync', 'zzz', '--into', archive];
    expect((await sstitch(clone)).exitCode).toBe(3);
    expect(existsSync(archive)).toBe(false);
  });

  it('say what an id is if the new one is not an id', async () => {
    const { base } = await scene();
    for (const line of [
      ['clone', base, '--sync', FIRST],
      ['rename', base, '--sync', FIRST],
    ]) {
      const { stderr } = await sstitch([...line, '--as', 'abc']);
      expect(stderr).toMatch(/^sstitch: --as .*"abc".*\n$/);
      expect(stderr).toContain('27 characters');
    }
  });

  it('restore the same sync after a round trip', async () => {
    const { directory, base, held } = await scene();
    await sstitchJson('clone', base, '--sync', FIRST, '--as', THIRD);
    expect(await digestsOf(base)).toMatchObject(held);
    await sstitchJson('drop', base, '--sync', FIRST, '--yes');
    await sstitchJson('rename', base, '--sync', THIRD, '--as', FIRST);
    expect(await digestsOf(base)).toEqual(held);
    const archive = join(directory, 'archive');
    await sstitchJson('clone', base, '--sync', FIRST, '--into', archive);
    expect(await digestsOf(archive)).toEqual({ [FIRST]: held[FIRST] });
    expect(await sstitchJson('verify', base)).toMatchObject({ ok: true });
  });
});

describe('merge', () => {
  it('of a sync and a newer version passes verify, and has the records of both', async () => {
    const { base, fresh } = await scene();
    await sstitchJson('clone', fresh, '--sync', FIRST, '--into', base, '--as', THIRD);
    const merged = await sstitchJson<{ syncId: string }>(
      ...['merge', base, '--base', FIRST, '--partials', THIRD],
    );
    expect(await sstitchJson('verify', base)).toMatchObject({ ok: true, syncs: 4 });
    const difference = await sstitchJson<{ buckets: { bucket: string; removed: number }[] }>(
      ...['diff', base, base, '--sync', THIRD, '--to', merged.syncId],
    );
    expect(difference.buckets.every(({ removed }) => removed === 0)).toBe(true);
  });
});

describe('merge of files', () => {
  it('names the file of each sync, also where two files hold one sync', async () => {
    const { directory, base, fresh } = await scene();
    const files = [join(directory, 'monday.jsonl'), join(directory, 'tuesday.jsonl')];
    for (const [at, store] of [base, fresh].entries()) {
      await sstitchJson('export', store, '--sync', FIRST, '--output', files[at] ?? '');
    }
    const into = join(directory, 'merged');
    const { sources } = await sstitchJson<{ sources: object[] }>('merge', ...files, '--into', into);
    expect(sources).toMatchObject(files.map((input) => ({ input, syncId: FIRST })));
    const { stdout } = await sstitch(['merge', ...files, '--into', into]);
    for (const file of files) expect(stdout).toContain(file);
  });
});

describe('prune', () => {
  it('shows a kept version as replaced, as syncs does', async () => {
    const { base, fresh } = await scene();
    await sstitchJson('compact', '--base', base, '--from', fresh, '--all', '--keep-replaced');
    const { kept } = await sstitchJson<{ kept: { type: string; reason: string }[] }>(
      ...['prune', base, '--keep', '2', '--dry-run'],
    );
    expect(kept).toContainEqual(
      expect.objectContaining({ type: 'replaced', reason: 'replaced_version' }),
    );
  });
});

describe('prune with --keep-sync', () => {
  it('removes nothing if the store holds no sync of that id, which may be mistyped', async () => {
    const { base, held } = await scene();
    const { exitCode, stderr } = await sstitch(['prune', base, '--keep-sync', THIRD, '--yes']);
    expect({ exitCode, digests: await digestsOf(base) }).toEqual({ exitCode: 3, digests: held });
    expect(stderr).toContain(`--keep-sync: ${base} holds no sync ${THIRD}`);
    await sstitchJson('prune', base, '--keep-sync', `${FIRST},${SECOND}`, '--yes');
    expect(await digestsOf(base)).toEqual(held);
  });
});

describe('a sync of a file whose run has times that no Date holds', () => {
  it('is imported, listed and planned with the latest time that a Date holds', async () => {
    const { directory, base } = await scene();
    const time = create(TimestampSchema, { seconds: 2n ** 60n });
    const run = { syncId: THIRD, type: SyncType.FULL, startedAt: time, endedAt: time };
    const value = encodeRecord(create(SyncRunRecordSchema, run));
    const lines = [
      { type: 'header', format: 'sstitch-jsonl', version: 1 },
      { type: 'sync_run', value: Buffer.from(value).toString('base64') },
      { type: 'end', records: 1 },
    ];
    const file = join(directory, 'late.jsonl');
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await sstitchJson('import', file, '--into', base);
    const last = '9999-12-31T23:59:59.999Z';
    const late = { syncId: THIRD, startedAt: last, endedAt: last };
    expect(await sstitchJson('syncs', base)).toContainEqual(expect.objectContaining(late));
    expect(await sstitchJson('stats', base, '--sync', THIRD)).toMatchObject({ writtenAt: last });
    const kept = expect.arrayContaining([
      expect.objectContaining({ syncId: THIRD, endedAt: last }),
    ]);
    expect(await sstitchJson('prune', base, '--dry-run')).toMatchObject({ kept });
  });
});

describe('diff', () => {
  it('of two .c1z files says who gained and lost what, and exits with 1 if the option asks for it', async () => {
    const { directory, base, fresh } = await scene();
    const files = [join(directory, 'monday.c1z'), join(directory, 'tuesday.c1z')];
    for (const [at, store] of [base, fresh].entries()) {
      const output = files[at] ?? '';
      await sstitchJson('export', store, '--sync', FIRST, '--output', output);
    }
    const { exitCode, stdout } = await sstitch(['diff', ...files, '--exit-code']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Group 0000000 lost member on Group everyone\n');
    const same = await sstitch(['diff', files[0] ?? '', base, '--sync', FIRST, '--exit-code']);
    expect(same.exitCode).toBe(0);
  });

  it('prints each changed record as a line of JSON', async () => {
    const { base, fresh } = await scene();
    const counts = await sstitchJson<{ buckets: { bucket: string; added: number }[] }>(
      ...['diff', base, fresh, '--sync', FIRST],
    );
    const { stdout } = await sstitch(['diff', base, fresh, '--sync', FIRST, '--records']);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { change: string; type: string });
    const added = lines.filter(({ change, type }) => change === 'added' && type === 'grant');
    expect(added).toHaveLength(
      counts.buckets.find(({ bucket }) => bucket === 'grant')?.added ?? -1,
    );
  });

  it('skips the tables that two stores share, and finds later writes', async () => {
    const { directory, base } = await scene();
    const copy = join(directory, 'copy');
    await sstitchJson('checkpoint', base, copy);
    const line = ['diff', copy, base, '--sync', FIRST];
    const same = await sstitchJson<{ buckets: { unchanged: number }[] }>(...line);
    expect(same).toMatchObject({ added: 0, removed: 0, changed: 0 });
    await sstitchJson('drop', base, '--sync', FIRST, '--yes');
    expect(await sstitchJson(...line)).toMatchObject({ added: 0, changed: 0 });
  });
});

describe('stats', () => {
  it('counts nothing for a type with the name of a member of every object', async () => {
    const file = join(testDirectory(), 'types.jsonl');
    const resource = { resource_type_id: 'constructor', resource_id: 'a' };
    const record = { sync_id: FIRST, external_id: 'e', resource };
    writeFileSync(file, `${JSON.stringify({ type: 'entitlement', record })}\n`);
    for (const more of [[], ['--exact']]) {
      expect(await sstitchJson('stats', file, '--sync', FIRST, ...more)).toMatchObject({
        types: [{ type: 'constructor', resources: 0, entitlements: 1, grants: 0 }],
      });
    }
  });
});
