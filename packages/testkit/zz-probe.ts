import { appendFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { makeStoreTarget } from './test/metamorphic-store.js';
import { openStore, temporaryFolder } from './test/real-store.js';
import { actionSequences } from './src/metamorphic/actions.js';
import { MetamorphicRun } from './src/metamorphic/run-actions.js';
const folder = temporaryFolder(); await openStore(folder.path + '/keeper');
const seed = Number(process.argv[2]); const n = Number(process.argv[3] ?? 10);
const samples = fc.sample(actionSequences(Number(process.argv[4] ?? 40)), { seed, numRuns: n });
for (const [i, seq] of samples.entries()) {
  const target = await makeStoreTarget(); const run = new MetamorphicRun(target);
  writeFileSync('/tmp/tkwork/last.json', JSON.stringify(seq));
  writeFileSync('/tmp/tkwork/last.log', '');
  const p = (run as any); 
  try { await p.run(seq.map((a: any) => new Proxy(a, { get(t, k) { if (k === 'do') appendFileSync('/tmp/tkwork/last.log', t.do + '\n'); return t[k]; } }))); console.log('run', i, 'ok'); }
  catch (e) { console.log('run', i, 'FAILED', e); writeFileSync('/tmp/tkwork/fail-'+seed+'-'+i+'.json', JSON.stringify(seq)); }
  await target.destroy().catch((e: any) => console.log('destroy', e));
}
folder.remove();
process.exit(0);
