// What people do with each command, for the transcripts.
import { cpSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FIRST, SECOND, THIRD } from './every-command.js';
import type { RunOptions } from './in-process.js';

/** A command line to run. */
export interface Step {
  readonly line: string;
  /** More words, which the transcript shows as JSON. */
  readonly words?: readonly string[];
  readonly options?: RunOptions;
  /** Done first, in the scene. */
  readonly before?: (scene: string) => void;
}

/** Flips a byte of the store's first table. */
function damageTable(store: string): void {
  const generation = join(store, readFileSync(join(store, 'CURRENT'), 'latin1').trim());
  const name = readdirSync(generation).find((file) => file.endsWith('.ldb')) ?? '';
  const bytes = readFileSync(join(generation, name));
  bytes.writeUInt8(bytes.readUInt8(10) ^ 0xff, 10);
  // A new file: links share the old one.
  unlinkSync(join(generation, name));
  writeFileSync(join(generation, name), bytes);
}

export const compact = 'compact --base base --from fresh';

/** For each command, what people do with it; `--help` comes first. */
export const STEPS: Readonly<Record<string, readonly (string | Step)[]>> = {
  compact: [
    `${compact} --sync ${FIRST} --dry-run`,
    `${compact} --sync latest`,
    `${compact} --sync latest --quiet`,
    `${compact} --sync latest --strategy rebuild --purge`,
    `${compact} --sync latest --strategy batch`,
    `${compact} --sync ${SECOND}`,
    {
      line: `${compact} --sync ${SECOND} --allow-empty`,
      options: { answers: ['n'], isTerminal: true, env: { TERM: 'dumb' } },
    },
    `${compact} --sync ${SECOND} --allow-empty`,
    `${compact} --sync latest --as ${SECOND}`,
    `${compact} --sync latest --as ${SECOND} --dry-run`,
    `${compact} --sync latest --as ${SECOND} --strategy link`,
    `${compact} --all --dry-run`,
    `${compact} --all`,
    compact,
    `${compact} --all --sync latest`,
    `${compact} --sync zzz`,
    'compact --base base --from base --sync latest',
  ],
  import: [
    'import sync.jsonl --into imported',
    'import sync.jsonl --into base --sync latest --verbose',
    `import sync.jsonl --into base --as ${SECOND}`,
    {
      line: 'import bad.jsonl sync.jsonl archive --into imported',
      before: (scene) => {
        mkdirSync(join(scene, 'archive'));
        cpSync(join(scene, 'sync.jsonl'), join(scene, 'archive', 'copy.jsonl'));
        writeFileSync(join(scene, 'bad.jsonl'), '{"type":"grant","record":{"sync_id":7}}');
      },
    },
    'import - --into base',
    'import --into base',
    `import sync.jsonl base --into base --as ${SECOND}`,
    'import sync.jsonl --into base --sync 36zz',
    'import sync.jsonl --into base --zone UTC',
    'import TABLE --into base',
    'import nothing --into base',
  ],
  watch: [
    {
      line: 'watch incoming --into watched --once --interval 1',
      before: (scene) => {
        mkdirSync(join(scene, 'incoming'));
        cpSync(join(scene, 'sync.jsonl'), join(scene, 'incoming', 'sync.jsonl'));
        writeFileSync(join(scene, 'incoming', 'bad.jsonl'), 'nonsense');
        writeFileSync(join(scene, 'incoming', 'notes.txt'), 'not looked at');
      },
    },
    'watch incoming --into watched --once --interval 1',
    'watch nothing --into watched',
    'watch incoming --into watched --interval 0',
  ],
  merge: [
    `merge base --base ${SECOND} --partials ${FIRST} --as ${THIRD}`,
    `merge base --base ${SECOND} --partials ${FIRST} --as ${THIRD}`,
    `merge base --base ${SECOND} --partials ${FIRST} --as ${THIRD} --replace --no-assets --quiet`,
    `merge base --base ${SECOND} --partials zzz`,
    `merge base --base ${SECOND}`,
    `merge base sync.jsonl --into merged --as ${THIRD}`,
    `merge sync.jsonl sync.jsonl --into merged --as ${THIRD} --replace`,
    'merge base sync.jsonl',
    'merge base sync.jsonl --into merged --base latest',
    'merge',
  ],
  clone: [
    `clone base --sync ${SECOND} --as ${THIRD}`,
    `clone base --sync ${SECOND} --as ${THIRD}`,
    `clone base --sync ${SECOND} --as ${THIRD} --replace --quiet`,
    `clone base --sync ${SECOND} --into archive`,
    `clone base --sync ${THIRD} --as ${THIRD}`,
    'clone base --sync zzz',
    'clone base --sync latest --as abc',
  ],
  rename: [
    `rename base --sync latest --as ${THIRD}`,
    `rename base --sync ${SECOND} --as ${THIRD}`,
    'rename base --sync latest --as 36zf',
    `rename base --sync ${SECOND} --as ${SECOND}`,
  ],
  rollback: [
    'rollback base --sync latest',
    'rollback base --sync latest --list',
    `${compact} --sync ${FIRST} --keep-replaced`,
    'syncs base',
    `rollback base --sync ${FIRST} --list`,
    `diff base fresh --sync ${FIRST} --exit-code --limit 2`,
    `rollback base --sync ${FIRST}`,
    `diff base fresh --sync ${FIRST} --exit-code --limit 2`,
    `rollback base --sync ${FIRST} --side ${SECOND}`,
    `rollback base --sync ${FIRST} --quiet`,
    `${compact} --sync ${FIRST} --keep-replaced`,
    `${compact} --sync ${FIRST} --keep-replaced --strategy link`,
    `${compact} --sync ${FIRST} --keep-replaced --purge`,
  ],
  prune: [
    'prune base --dry-run',
    'prune base',
    { line: 'prune base', options: { answers: ['n'] } },
    { line: 'prune base', options: { answers: ['y'] } },
    'prune base --yes',
    'prune base --keep 0',
  ],
  drop: [
    { line: 'drop base --sync latest', options: { answers: ['n'] } },
    { line: 'drop base --sync latest', options: { answers: ['y'] } },
    'drop base --sync latest',
    `drop base --sync ${FIRST} --yes --no-purge`,
    `drop base --sync ${FIRST} --yes`,
  ],
  generate: [
    'generate made --grants 30 --syncs 2',
    'generate made --grants 30',
    'generate made --grants 30 --replace --quiet',
  ],
  // Serving is tested in explore.test.ts, as the command runs until it is stopped.
  explore: ['explore nothing --no-open', 'explore base --no-open --port 0', 'explore base --zone'],
  syncs: [
    'syncs base',
    'syncs base --quiet',
    'syncs sync.jsonl',
    'syncs generation',
    'syncs base --exact --json',
    { line: 'syncs base', options: { isTerminal: true, columns: 60, env: { NO_COLOR: '1' } } },
  ],
  stats: [
    'stats base',
    'stats base --sync @2 --quiet',
    'stats sync.jsonl --exact',
    'stats base --exact --json',
    `stats fresh --sync ${SECOND}`,
  ],
  digest: [
    'digest base --sync @2',
    'digest base --sync @2,latest --quiet',
    'digest sync.jsonl --sync latest --quiet',
    `digest fresh --sync ${SECOND}`,
    `digest fresh --sync ${SECOND} --quiet`,
  ],
  verify: [
    'verify base',
    'verify base --quiet',
    'verify sync.jsonl',
    `verify fresh --sync ${SECOND}`,
    {
      line: 'verify base',
      before: (scene) => damageTable(join(scene, 'base')),
    },
  ],
  diff: [
    `diff base fresh --sync ${FIRST}`,
    'diff base fresh --sync 36yq,36yx',
    `diff base base --sync ${FIRST} --to ${SECOND} --limit 5`,
    'diff sync.jsonl fresh --limit 3',
    'diff sync.jsonl base --exit-code',
    `diff base fresh --sync ${FIRST} --exit-code --limit 0`,
    {
      line: 'diff before.jsonl after.jsonl --records',
      before: (scene) => {
        for (const [name, displayName] of [
          ['before', 'User'],
          ['after', 'Person'],
        ]) {
          const record = { sync_id: FIRST, external_id: 'user', display_name: displayName };
          const line = JSON.stringify({ type: 'resource_type', record });
          writeFileSync(join(scene, `${name}.jsonl`), `${line}\n`);
        }
      },
    },
    `diff fresh fresh --sync ${SECOND}`,
    'diff base fresh --sync 36yq,36yx --to latest',
    'diff base fresh --records --json',
  ],
  export: [
    'export fresh --sync latest',
    'export fresh --sync latest --output sync.jsonl',
    'export fresh --sync latest --output grants.csv.gz',
    'export fresh --sync latest --output - --format csv',
    'export base --sync latest,@2 --output both.c1z',
    'export fresh --sync latest --output sync.txt',
    'export fresh --sync latest --output nowhere/sync.jsonl',
    'export fresh --sync latest --bom',
    `export fresh --sync ${SECOND}`,
  ],
  get: [
    'get base --sync latest --bucket sync_run',
    'get base --sync latest --bucket resource_type user',
    'get base --sync latest --bucket resource_type user --raw',
    'get base --sync latest --bucket resource_type nobody',
    'get base --sync latest --bucket resource user',
    'get base --sync latest',
    'get base --key 00',
  ],
  scan: [
    'scan base --limit 3',
    'scan base --sync latest --bucket resource_type --prefix us',
    'scan base --sync @2 --bucket grant_by_principal --limit 2',
    'scan base --key-prefix 03 --limit 1 --raw',
    'scan base --prefix us',
    'scan base --limit 0',
  ],
  levels: ['levels base'],
  space: ['space base', 'space base --exact', 'space base --reclaim'],
  checkpoint: [
    'checkpoint base copy',
    'checkpoint base copy',
    'checkpoint base for-go --format pebble',
  ],
  adopt: ['adopt generation adopted', 'adopt base adopted2'],
  salvage: ['salvage base'],
  // Only command lines that need no server.
  'cluster stores': [
    'cluster stores base',
    'cluster stores postgres://host',
    'cluster stores postgres://host/database/store',
    'cluster stores cassandra://ann:secret@host/keyspace',
  ],
  'cluster status': [
    'cluster --help',
    'cluster status base',
    'cluster status postgres://host/database',
    'cluster status postgres://ann:secret@host/database/store',
    'levels postgres://host/database/store',
  ],
  'cluster collect': ['cluster collect base'],
  'cluster fold': ['cluster fold cassandra://host/keyspace/store?tls=maybe'],
  'cluster checkpoint': ['cluster checkpoint'],
  'sst dump': ['sst dump TABLE --limit 2', 'sst dump sync.jsonl'],
  'sst verify': ['sst verify TABLE', 'sst verify TABLE --quiet', 'sst verify base'],
  'manifest dump': ['manifest dump generation', 'manifest dump base'],
  demo: ['demo --grants 20', 'demo --grants 20 --quiet'],
  selftest: ['selftest --dir nothing'],
  completion: ['completion bash', 'completion zsh', 'completion fish', 'completion tcsh'],
  'complete-syncs': [
    { line: 'complete-syncs -- digest base --sync', words: [''] },
    'complete-syncs -- compact --base fresh --from=base --sync 36yx',
    'complete-syncs -- diff base fresh --sync latest,l',
    { line: 'complete-syncs -- merge base fresh --into base --as', words: ['36yx'] },
    { line: 'complete-syncs -- rename base --sync 36yq --as', words: [''] },
    { line: 'complete-syncs -- digest base --sync 36yq --json', words: [''] },
    { line: 'complete-syncs -- frobnicate', words: [''] },
    // With a kept version.
    'compact --base base --from fresh --sync latest --keep-replaced --quiet',
    { line: 'complete-syncs -- rollback base --sync latest --side', words: [''] },
    { line: 'complete-syncs -- rollback base --sync 36yq --side', words: [''] },
    { line: 'complete-syncs -- compact --base base --from fresh --side', words: [''] },
    { line: 'complete-syncs -- drop base --sync', words: ['36yqJI'] },
  ],
};
