import {Store} from '@sstitch/engine'; import {mkdtempSync} from 'node:fs';
const o={keyEncoding:'view',valueEncoding:'view'};
const d=mkdtempSync('/tmp/tkwork/x'); const B=Buffer.from;
const N=20000;const keys=Array.from({length:N},(_,k)=>B('k'+String(k).padStart(5,'0')));
for (let i=0;i<40;i++) {
const t=new Store(d+'/t'+i,o); await t.open();
await t.batch(keys.map(key=>({type:'put',key,value:B('old')})));
const rep=t.excise([{start:B('x'),end:B('y')}]).then(()=>'ok',e=>e.code); await new Promise(z=>setTimeout(z,2));
const p=t.clear({gte:B('k'),lt:B('l')}).then(()=>'cleared',e=>e.code??e.message); const u=performance.now()+i*0.7; while(performance.now()<u) await new Promise(z=>setImmediate(z));
await t.close(); console.log(i,await rep, await Promise.race([p,new Promise(r=>setTimeout(r,2000))]));
}
