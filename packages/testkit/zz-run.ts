import { readFileSync } from 'node:fs';
import { makeStoreTarget } from './test/metamorphic-store.js';
import { openStore, temporaryFolder } from './test/real-store.js';
import { MetamorphicRun } from './src/metamorphic/run-actions.js';
const folder = temporaryFolder(); await openStore(folder.path + '/keeper');
const seq = JSON.parse(readFileSync(process.argv[2]!, 'utf8'));
for (let k = 0; k < Number(process.argv[3] ?? 1); k++) {
const target = await makeStoreTarget();
try { await new MetamorphicRun(target).run(seq); } catch (e) { console.log('FAILED', e); await target.destroy().catch(()=>{}); process.exit(3); }
await target.destroy(); }
folder.remove(); process.exit(0);
