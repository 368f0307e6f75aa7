import {ClassicLevel} from '/work/main/packages/engine/node_modules/classic-level/index.js'; import {Store} from '@sstitch/engine'; import {mkdtempSync} from 'node:fs';
const o={keyEncoding:'view',valueEncoding:'view'};
const d=mkdtempSync('/tmp/tkwork/x'); const B=Buffer.from;
for (const C of [ClassicLevel,Store]) {
 for (const r of [{reverse:true,lt:B('b')},{reverse:true,lte:B('b')},{lte:B('b'),limit:1},{lt:B('b'),limit:5},{reverse:true,lte:B('b'),limit:7},{},{gte:B('')},{lt:B('b')},{lte:B('a')},{gt:B('')},{lte:B('')},{lt:B('')},{reverse:true,lt:B('')},{reverse:true,lte:B('')},{reverse:true},{reverse:true,limit:1,lte:B('')}]) {
  const t=new C(d+'/'+C.name+Math.random(),o); await t.put(B(''),B('e')); await t.put(B('a'),B('1')); await t.put(B('c'),B('1'));
  const it=[];for await(const k of t.keys(r)) it.push(B(k).toString()); await t.clear(r); const left=[];for await(const k of t.keys())left.push(B(k).toString());
  console.log(C.name,JSON.stringify({...r,...Object.fromEntries(Object.entries(r).map(([k,v])=>[k,v instanceof Uint8Array?v.toString():v]))}),'iterates',JSON.stringify(it),'clear leaves',JSON.stringify(left)); await t.close(); } }
