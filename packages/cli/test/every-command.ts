// A successful command line for each command, and the scene that it runs in.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { syntheticSyncId } from '@sstitch/testkit';
import { commandsOf } from '../src/command-line/command-spec.js';
import { PROGRAM } from '../src/commands/registry.js';
import { sstitch, sstitchJson } from './in-process.js';
import { teamLines } from './team-sync.js';

export const FIRST = syntheticSyncId({ syncIndex: 0 });
export const SECOND = syntheticSyncId({ syncIndex: 1 });
/** The id of a sync in no store. */
export const THIRD = syntheticSyncId({ syncIndex: 2 });

/** The names of all commands that are not hidden. */
export const COMMAND_NAMES: readonly string[] = commandsOf(PROGRAM).map(({ name }) => name);
/** The same without the commands that need a server; cluster.test.ts runs those. */
export const LOCAL_COMMAND_NAMES = COMMAND_NAMES.filter((name) => !name.startsWith('cluster '));

/**
 * Makes a directory with `base`, a store of two syncs; `fresh`, one with a newer version of the first; `generation`,
 * a plain LevelDB database; `sync.jsonl`; `team.jsonl`, a small sync of people. The caller removes it.
 */
export async function makeScene(): Promise<string> {
  const scene = mkdtempSync(join(tmpdir(), 'sstitch-cli-scene-'));
  try {
    await sstitchJson('generate', join(scene, 'base'), '--grants', '40', '--syncs', '2');
    await sstitchJson('generate', join(scene, 'fresh'), '--grants', '40', '--revision', '2');
    const current = readFileSync(join(scene, 'base', 'CURRENT'), 'latin1').trim();
    cpSync(join(scene, 'base', current), join(scene, 'generation'), { recursive: true });
    const exported = await sstitch(['export', join(scene, 'base'), '--sync', FIRST]);
    writeFileSync(join(scene, 'sync.jsonl'), exported.stdout);
    writeFileSync(join(scene, 'team.jsonl'), teamLines());
    return scene;
  } catch (error) {
    rmSync(scene, { recursive: true, force: true });
    throw error;
  }
}

/** The path of a table of the scene's database, relative to the scene. */
export function aTable(scene: string): string {
  const name = readdirSync(join(scene, 'generation')).find((file) => file.endsWith('.ldb'));
  return join('generation', name ?? '');
}

/** Command lines by command name, to be run in the scene. */
export const COMMAND_LINES: Readonly<Record<string, (scene: string) => readonly string[]>> = {
  compact: () => ['compact', '--base', 'base', '--from', 'fresh', '--sync', FIRST],
  import: () => ['import', 'sync.jsonl', '--into', 'imported'],
  watch: () => ['watch', '.', '--into', 'watched', '--once', '--interval', '1'],
  merge: () => ['merge', 'base', '--base', SECOND, '--partials', FIRST],
  expand: () => ['expand', 'base', '--sync', FIRST],
  who: () => ['who', 'team.jsonl', '--principal', 'user/ann', '--why'],
  clone: () => ['clone', 'base', '--sync', FIRST],
  rename: () => ['rename', 'base', '--sync', FIRST, '--as', THIRD],
  rollback: () => ['rollback', 'base', '--sync', FIRST, '--list'],
  prune: () => ['prune', 'base', '--yes'],
  drop: () => ['drop', 'base', '--sync', FIRST, '--yes'],
  generate: () => ['generate', 'made', '--grants', '3'],
  explore: () => ['explore', 'base', '--no-open'],
  syncs: () => ['syncs', 'base'],
  stats: () => ['stats', 'base'],
  digest: () => ['digest', 'base', '--sync', FIRST],
  verify: () => ['verify', 'base'],
  diff: () => ['diff', 'base', 'fresh', '--sync', FIRST],
  export: () => ['export', 'base', '--sync', FIRST, '--sync', SECOND],
  get: () => ['get', 'base', '--sync', FIRST, '--bucket', 'sync_run'],
  scan: () => ['scan', 'base'],
  levels: () => ['levels', 'base'],
  space: () => ['space', 'base'],
  checkpoint: () => ['checkpoint', 'base', 'copy'],
  adopt: () => ['adopt', 'generation', 'adopted'],
  salvage: () => ['salvage', 'base'],
  'sst dump': (scene) => ['sst', 'dump', aTable(scene)],
  'sst verify': (scene) => ['sst', 'verify', aTable(scene)],
  'manifest dump': () => ['manifest', 'dump', 'generation'],
  demo: () => ['demo', '--grants', '20'],
  selftest: () => ['selftest', '--kills', '0'],
  completion: () => ['completion', 'bash'],
};
