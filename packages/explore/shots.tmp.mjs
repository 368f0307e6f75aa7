import { chromium } from 'playwright-core';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
const [,, store, prefix, ...views] = process.argv;
const c = spawn(process.execPath,['/work/wt/audit22/packages/cli/dist/main.js','explore',store,'--no-open'],{stdio:['ignore','pipe','inherit']});
const [line]=await once(createInterface(c.stdout),'line'); const url=/http:\S+/.exec(line)[0];
const b = await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox'],timeout:0});
for (const scheme of (process.env.SCHEMES??'light').split(',')) {
const ctx=await b.newContext({colorScheme:scheme,viewport:{width:1280,height:800}}); ctx.setDefaultTimeout(60000);
const p=await ctx.newPage(); p.on('console',m=>console.log('console',m.type(),m.text())); p.on('pageerror',e=>console.log('pageerror',e));
await p.goto(url); await p.locator('main table, main h1').first().waitFor();
for (const [i,v] of views.entries()){ await p.evaluate(h=>{location.hash=h},v); await p.waitForTimeout(Number(process.env.WAIT??1500)); await p.screenshot({path:`/tmp/a22/shots/${prefix}-${scheme}-${i}.png`}); console.log(v, (await p.locator('main h1').first().textContent().catch(()=>''))); }
await ctx.close(); }
await b.close(); c.kill('SIGINT');
