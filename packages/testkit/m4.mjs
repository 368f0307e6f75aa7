import {Store} from '@sstitch/engine'; import {mkdtempSync} from 'node:fs';
const o={keyEncoding:'view',valueEncoding:'view'};
const d=mkdtempSync('/tmp/tkwork/x'); const t=new Store(d+'/t',o); await t.open(); const s=new Store(d+'/s',o); await s.open();
const B=Buffer.from; const dump=async(x)=>{const r=[];for await(const [k,v] of x.iterator())r.push(`${B(k)}=${B(v)}`);return r.join(' ')};
await t.put(B('b1'),B('base')); await s.put(B('b2'),B('src'));
const spans=[{start:B('b'),end:B('c')}];
// move twice
let f=await t.newStagingFolder(); let e=await s.extract(spans,f); await t.ingestAndExcise(e,{move:true}); console.log('once',await dump(t));
await t.put(B('b3'),B('x')); try{await t.ingestAndExcise(e,{move:true}); console.log('twice ok',await dump(t));}catch(x){console.log('twice',x.code,x.message);console.log(await dump(t))}
await t.put(B('b4'),B('x')); console.log(await dump(t));
// self transfer
f=await t.newStagingFolder(); e=await t.extract(spans,f); await t.put(B('b9'),B('later')); await t.del(B('b3')); await t.ingestAndExcise(e); console.log('self',await dump(t));
f=await t.newStagingFolder(); e=await t.extract([{start:B('b'),end:B('c')},{start:B('c'),end:B('d')}],f); await t.ingestAndExcise(e); await t.ingestAndExcise(e); console.log('same twice',await dump(t));
// extract to existing folder, to closed
try{await t.extract(spans,f)}catch(x){console.log('extract existing',x.code)}
// clear beside a replacement
for(let r=0;r<6;r++){ const keys=Array.from({length:5000},(_,k)=>B('k'+String(k).padStart(5,'0')));
await t.batch(keys.map(key=>({type:'put',key,value:B('old')})));
const rep=t.replaceSpans([{start:B('k'),end:B('l')}],(async function*(){for(let i=0;i<5000;i+=500)yield keys.slice(i,i+500).map(k=>[k,B('new')])})());
await new Promise(z=>setTimeout(z,20+r*8)); await Promise.all([rep,t.clear({gte:B('k'),lt:B('l')})]);
let n=0;for await(const k of t.keys({gte:B('k'),lt:B('l')}))n++; console.log('clear beside replace leaves',n);}
await t.close();await s.close();
