import {Store} from '@sstitch/engine'; import {mkdtempSync} from 'node:fs';
const o={keyEncoding:'view',valueEncoding:'view'};
const d=mkdtempSync('/tmp/tkwork/x'); const B=Buffer.from;
let t=new Store(d+'/t',o); await t.open(); 
const N=30000;const keys=Array.from({length:N},(_,k)=>B('k'+String(k).padStart(5,'0')));
for(let r=0;r<8;r++){ 
await t.batch(keys.map(key=>({type:'put',key,value:B('old')})));
const rep=t.replaceSpans([{start:B('k'),end:B('l')}],(async function*(){for(let i=0;i<N;i+=5000)yield keys.slice(i,i+5000).map(k=>[k,B('new')])})());
await new Promise(z=>setTimeout(z,60+r*25)); const p=t.clear({gte:B('k'),lt:B('l')}); const dir=await Promise.all([rep,p]);
let n=0;for await(const k of t.keys({gte:B('k'),lt:B('l')}))n++; console.log('clear beside replace leaves',n);}
// clear in batches while the store closes
for (const ms of [30,60,90,150]) {
await t.batch(keys.map(key=>({type:'put',key,value:B('old')})));
const rep=t.excise([{start:B('x'),end:B('y')}]).then(()=>'ok',e=>e.code); await new Promise(z=>setTimeout(z,3));
const p=t.clear({gte:B('k'),lt:B('l')}).then(()=>'cleared',e=>e.code??e.message); await new Promise(z=>setTimeout(z,ms));
await t.close(); console.log(ms,await rep, await Promise.race([p,new Promise(r=>setTimeout(r,2000))]));
t=new Store(d+'/t',o); await t.open();}
await t.close();
