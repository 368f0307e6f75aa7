// Expands random syncs with Baton's own expander and with `expandSync`, and compares every grant. Needs Go, and
// Go's module proxy for the first build.
import { spawnSync } from 'node:child_process';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { expandSync } from '@sstitch/access';
import { SyncStore } from '@sstitch/records';
import { ModelEngine } from '@sstitch/testkit';
import { buildProgram, hasGo } from './go-program.mjs';
import { Random } from './random.mjs';
import { randomSync, recordsOf } from './random-sync.mjs';

const USAGE = `usage: pnpm expansions [--seeds N] [--first SEED]
--seeds  number of syncs (500)
--first  seed of the first sync (1)`;
const SYNC = '36zfOAoWMxQdISbixanQCRBiX7E';
const MAX_OUTPUT_BYTES = 2 ** 30;

const { values: flags } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    first: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
const seeds = Number(flags.seeds);
const first = Number(flags.first);
const isWrong = !Number.isSafeInteger(seeds) || !Number.isSafeInteger(first) || seeds < 1;
if (flags.help || isWrong) {
  console.error(USAGE);
  process.exit(flags.help ? 0 : 2);
}
if (!hasGo()) {
  console.log('skipped: Go is not installed');
  process.exit(0);
}

const syncs = Array.from({ length: seeds }, (_, at) => randomSync(new Random(first + at)));
const expected = expandedByBaton(syncs);
const counts = { grants: 0, changed: 0, cyclic: 0 };
const failed = [];
for (const [at, sync] of syncs.entries()) {
  const { grants, report } = await expanded(sync);
  const [byEdges, topological] = expected[at];
  counts.grants += Object.keys(grants).length;
  counts.changed += report.created + report.updated;
  if (report.cycles > 0) counts.cyclic += 1;
  // Baton's evaluator by edges ends after the first edge out of a cycle: compare it only without cycles.
  const isSame =
    isDeepStrictEqual(grants, topological) &&
    (report.cycles > 0 || isDeepStrictEqual(grants, byEdges));
  if (!isSame) failed.push(first + at);
}
console.log(
  `expands as Baton does: tried ${seeds}, failed ${failed.length}, ${counts.grants} grants, ` +
    `${counts.changed} of them derived or updated, ${counts.cyclic} syncs with cycles`,
);
if (failed.length > 0) {
  console.error(`failed seeds: ${failed.join(', ')}`);
  process.exit(1);
}

/** Returns the grants of each sync after expansion by each of Baton's two evaluators. */
function expandedByBaton(given) {
  const input = given.map((sync) => `${JSON.stringify(sync)}\n`).join('');
  // The default refuses deeper chains.
  const env = { ...process.env, BATON_GRAPH_EXPAND_MAX_DEPTH: '1000' };
  const { status, stdout, stderr } = spawnSync(buildProgram('baton'), {
    ...{ input, env, encoding: 'utf8', maxBuffer: MAX_OUTPUT_BYTES },
  });
  if (status !== 0) throw new Error(`baton exited with ${status}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Returns the grants of a sync after `expandSync`, and its report. */
async function expanded(sync) {
  const engine = new ModelEngine();
  const store = new SyncStore(engine);
  await store.startSync({ syncId: SYNC });
  await store.putMany(SYNC, recordsOf(sync, SYNC));
  const report = await expandSync(engine, SYNC);
  const grants = {};
  for await (const { externalId, entitlement, principal, sources, annotations } of store.listGrants(
    SYNC,
  )) {
    grants[externalId] = {
      entitlement: entitlement.entitlementId,
      type: principal.resourceTypeId,
      principal: principal.resourceId,
      sources: Object.fromEntries(
        Object.entries(sources).map(([name, { isDirect }]) => [name, isDirect]),
      ),
      annotations: annotations.map(({ typeUrl }) => typeUrl),
    };
  }
  return { grants, report };
}
