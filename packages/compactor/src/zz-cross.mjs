import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Store } from '@sstitch/engine';
import { createSyncId, formatSyncId, grantKey, grantByEntitlementKey, grantByPrincipalKey } from '@sstitch/keys';
import { compact } from '../dist/index.js';
const id = (n) => createSyncId(new Date(1.6e12 + n*1e6), new Uint8Array(16).fill(n));
const enc = { keyEncoding: 'view', valueEncoding: 'view' };
async function fill(db, sync, grants, revision) {
  let ops = [];
  for (let i = 0; i < grants; i++) {
    const g = `grant:${String(i).padStart(8,'0')}`;
    const value = new Uint8Array(150); for (let j=0;j<150;j+=4) value[j]=Math.random()*256; value[1] = revision;
    ops.push({type:'put', key: grantKey(sync,g), value}, {type:'put', key: grantByEntitlementKey(sync,'ent'+(i%50),'user','u'+(i%997),g), value:new Uint8Array(0)}, {type:'put', key: grantByPrincipalKey(sync,'user','u'+(i%997),g), value:new Uint8Array(0)});
    if (ops.length > 3000) { await db.batch(ops, enc); ops = []; }
  }
  await db.batch(ops, enc);
}
const others = Number(process.argv[2] ?? 20000);
const plainSource = process.argv[3] === 'plain';
const { ClassicLevel } = await import('classic-level');
const folder = await mkdtemp(join(tmpdir(), 'cross-'));
const base = new Store(join(folder, 'base'), enc);
await fill(base, id(200), others, 0); await fill(base, id(201), others, 0);
const m0 = await base.metrics(); console.log('tables', JSON.stringify(m0.levels.map(l=>l.tables ?? l)).slice(0,200));
for (const grants of [30, 100, 300, 600, 1000, 2000, 3000, 5000, 10000]) {
  const row = { grants, entriesBothSides: grants*6 };
  for (const strategy of ['batch','link','rebuild','auto']) {
    if (plainSource && strategy==='link') continue;
    const times = [];
    const sync = id(grants % 199 + 1);
    const source = new (plainSource ? ClassicLevel : Store)(join(folder, `source-${grants}-${strategy}`), enc);
    for (let round = 0; round < 7; round++) {
      await fill(source, sync, grants, round);
      const t = performance.now();
      const r = await compact({ base, source, syncIds: [formatSyncId(sync)], strategy });
      times.push(performance.now() - t);
      if (strategy==='auto') row.picked = r.strategy;
    }
    await source.close();
    times.sort((a,b)=>a-b); row[strategy] = +times[3].toFixed(1);
  }
  console.log(JSON.stringify(row));
}
await base.close(); await rm(folder, {recursive:true});
