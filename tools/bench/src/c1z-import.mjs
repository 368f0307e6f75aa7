// Compares importing a .c1z file of format 3 as `sstitch import` does (read, sort, build tables, one commit)
// with reading it and putting its records in batches into a plain store. SSTitch's own writer creates the file.
// Each side runs in its own process, in turn; at the end both must hold the same entries.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Store } from '@sstitch/engine';
import {
  digestSync,
  identityOf,
  RecordBatch,
  RecordLoader,
  StoreSink,
  SyncStore,
} from '@sstitch/records';
import { syntheticSync } from '@sstitch/testkit';
import { ClassicLevel } from 'classic-level';
import { createC1z, openC1z } from '../../../packages/c1z/dist/index.js';
import { median } from './report.mjs';
import { reportTable } from './results.mjs';
import { inRunDirectory, wholeNumbers } from './run-directory.mjs';

const SIDES = ['read', 'bulk', 'batches'];

/** Writes a file of one sync with `grants` grants. */
async function makeFile(path, grants, format) {
  const sync = syntheticSync({ grants });
  const writer = await createC1z(path, { format });
  try {
    for (const records of sync.records()) {
      for (const [bucket, own] of byBucket(records)) {
        await writer.add(RecordBatch.ofRecords(sync.syncId, bucket, own));
      }
    }
    return await writer.finish();
  } finally {
    await writer.close();
  }
}

function byBucket(records) {
  const buckets = new Map();
  for (const record of records) {
    const { bucket } = identityOf(record);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), record]);
  }
  return buckets;
}

/** The work of each side on the batches of the file, in its own directory. */
const WORK = {
  /** The part that the other two share: decodes the messages. */
  async read(batches) {
    let records = 0;
    for await (const batch of batches) records += batch.records.length;
    return { records };
  },
  async bulk(batches, directory) {
    const store = new Store(join(directory, 'store'));
    await store.open();
    const sink = new StoreSink(new RecordLoader((options) => store.tableLoader(options)), store);
    for await (const batch of batches) await sink.add(batch);
    await sink.finish();
    await sink.close();
    return { database: store };
  },
  async batches(batches, directory) {
    const database = new ClassicLevel(join(directory, 'store'));
    await database.open();
    const store = new SyncStore(database);
    for await (const { syncId, records } of batches) await store.putMany(syncId, records);
    return { database };
  },
};

async function runSide({ side, path, directory }) {
  await mkdir(directory);
  const started = performance.now();
  // Every side opens the file as `sstitch import` does.
  const file = await openC1z(path, { batchRecords: 1000 });
  const [{ syncId }] = file.syncs();
  const { database } = await WORK[side](file.batches(), directory);
  await file.close();
  const ms = performance.now() - started;
  const cpuMs = processorMs();
  const digest = database && (await digestSync(database, syncId)).digest;
  await database?.close();
  process.send({ ms, cpuMs, digest });
  process.disconnect();
}

/** The CPU time of this process and its ended children; 0 if unknown. */
function processorMs() {
  if (process.platform !== 'linux') return 0;
  // Times are in hundredths of a second: of this process in user mode and in the system, then of its children.
  const afterName = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return 10 * afterName.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}

function inProcess(side, path, directory) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), {
      env: { ...process.env, C1Z_IMPORT_SIDE: '1' },
    });
    let reply;
    child.on('message', (message) => {
      reply = message;
    });
    child.on('exit', (code) => {
      if (reply) resolve(reply);
      else reject(new Error(`${side}: code ${code}`));
    });
    child.send({ side, path, directory });
  });
}

async function main() {
  const { values: flags } = parseArgs({
    options: {
      grants: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '5' },
      format: { type: 'string', default: '3' },
      directory: { type: 'string' },
    },
  });
  const [rounds] = wholeNumbers('rounds', flags.rounds);
  const [format] = wholeNumbers('format', flags.format);
  const rows = [];
  await inRunDirectory(async (directory) => {
    for (const grants of wholeNumbers('grants', flags.grants)) {
      const path = join(directory, `${grants}.c1z`);
      const { sizeBytes } = await makeFile(path, grants, format);
      const replies = { read: [], bulk: [], batches: [] };
      for (let round = 0; round < rounds; round++) {
        for (const side of SIDES) {
          const reply = await inProcess(side, path, join(directory, `${grants}-${round}-${side}`));
          replies[side].push(reply);
          const { ms, cpuMs } = reply;
          console.error(`${grants} grants, ${side}: ${ms.toFixed(0)} ms, ${cpuMs} of processors`);
        }
      }
      const ms = (side) => median(replies[side].map((reply) => reply.ms));
      const cpuMs = (side) => median(replies[side].map((reply) => reply.cpuMs));
      const differ = replies.bulk.some(({ digest }, at) => digest !== replies.batches[at].digest);
      if (differ) process.exitCode = 1;
      rows.push([
        `${grants} grants`,
        (sizeBytes / 2 ** 20).toFixed(1),
        ...SIDES.map((side) => ms(side).toFixed(0)),
        SIDES.map((side) => cpuMs(side).toFixed(0)).join(', '),
        (ms('batches') / ms('bulk')).toFixed(2),
        differ ? 'DIFFER' : 'same',
      ]);
    }
  }, flags.directory);
  const titles = [
    'file',
    'MiB',
    'read ms',
    'import ms',
    'batches ms',
    'their CPU ms',
    'ratio',
    'digests',
  ];
  reportTable('c1z-import', { columns: titles, rows }, { format });
}

if (process.env.C1Z_IMPORT_SIDE === undefined) await main();
else process.once('message', runSide);
