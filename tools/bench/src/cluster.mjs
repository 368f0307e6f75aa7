// Measures stores on three Cassandra nodes of this machine: replacing and scanning a sync beside a row per record that is
// deleted and inserted in place on the same nodes, commits, lookups, and stores of several processes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ClusterStore } from '@sstitch/cluster';
import { openCassandra } from '@sstitch/cluster/cassandra';
import { CassandraNodes } from '@sstitch/cluster-runs/cassandra-nodes';
import { byteEncodings } from '@sstitch/contract';
import { syncSpansInKeyOrder } from '@sstitch/keys';
import { syntheticEntries, syntheticSyncId } from '@sstitch/testkit';
import driver from 'cassandra-driver';
import { measureCommits, measureGets } from './cluster-latencies.mjs';
import { measureProcesses } from './cluster-processes.mjs';
import { RowTable } from './cluster-rows.mjs';
import { median, printTable } from './report.mjs';
import { writeResults } from './results.mjs';

const { values: flags } = parseArgs({
  options: {
    grants: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    'port-offset': { type: 'string', default: '0' },
    'commit-log': { type: 'string', default: 'periodic' },
  },
});
const KEYSPACE = 'bench';
/** After each replacement. */
const SCANS = 2;
const grants = Number(flags.grants);
const rounds = Number(flags.rounds);
const directory = mkdtempSync(join(tmpdir(), 'sstitch-bench-cluster-'));
const nodes = await CassandraNodes.create({
  directory,
  portOffset: Number(flags['port-offset']),
  commitLog: flags['commit-log'],
});
const spans = syncSpansInKeyOrder(syntheticSyncId({ syncIndex: 0 })).map(({ span }) => span);
const entriesOf = (revision) => syntheticEntries({ grants, syncIndex: 0, revision });

try {
  await measureAll();
} finally {
  await nodes.wipe();
  rmSync(directory, { recursive: true, force: true });
}

async function measureAll() {
  const { contactPoints } = nodes;
  const connection = await openCassandra({ contactPoints, keyspace: KEYSPACE, create: true });
  const client = new driver.Client({
    contactPoints,
    localDataCenter: 'datacenter1',
    protocolOptions: { port: nodes.port },
  });
  const store = new ClusterStore(connection.store('base'), byteEncodings);
  try {
    await store.open();
    const rows = new RowTable(client, KEYSPACE);
    await rows.create();
    const tables = [
      await compareWithRows(store, rows),
      await measureCommits(store),
      await measureGets(connection, store, syntheticSyncId({ syncIndex: 0 })),
      await measureProcesses({ contactPoints, keyspace: KEYSPACE }),
    ];
    for (const { title, columns, rows: lines } of tables) {
      console.log(`\n${title}`);
      printTable(columns, lines);
    }
    writeResults('cluster', {}, tables);
  } finally {
    await store.close();
    await connection.close();
    await client.shutdown();
  }
}

/** Replaces and scans one sync in both ways, in turn. The first round warms both up, and counts for neither. */
async function compareWithRows(store, rows) {
  const measured = {
    blocks: { replace: [], scan: [] },
    rows: { replace: [], scan: [] },
  };
  let entries = 0;
  for (let round = 0; round <= rounds; round++) {
    const revision = round + 1;
    const ways = {
      blocks: {
        replace: async () => (await store.replaceSpans(spans, entriesOf(revision))).entries,
        scan: () => scanStore(store),
      },
      rows: {
        replace: () => rows.replace('base', spans, entriesOf(revision)),
        scan: () => rows.scan('base', spans),
      },
    };
    for (const [way, { replace, scan }] of Object.entries(ways)) {
      const replaced = await timed(replace);
      entries = replaced.result;
      if (round > 0) measured[way].replace.push(replaced);
      for (let time = 0; time < SCANS; time++) {
        const scanned = await timed(scan);
        if (scanned.result !== entries) throw new Error(`${way}: ${scanned.result} entries`);
        if (round > 0) measured[way].scan.push(scanned);
      }
    }
  }
  const source = await timed(async () => {
    for await (const _ of entriesOf(1));
  });
  return comparisonTable(measured, entries, source);
}

async function scanStore(base) {
  let entries = 0;
  const snapshot = base.snapshot();
  for (const { start, end } of spans) {
    const iterator = base.iterator({ ...byteEncodings, snapshot, gte: start, lt: end });
    for (;;) {
      const { length } = await iterator.nextv(5000);
      if (length === 0) break;
      entries += length;
    }
    await iterator.close();
  }
  await snapshot.close();
  return entries;
}

async function timed(work) {
  const nodesBefore = nodes.cpuSeconds;
  const before = process.cpuUsage();
  const startMs = performance.now();
  const result = await work();
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  return {
    result,
    seconds,
    nodeCpu: nodes.cpuSeconds - nodesBefore,
    clientCpu: (user + system) / 1e6,
  };
}

function comparisonTable(measured, entries, source) {
  const middle = (runs, figure) => median(runs.map((run) => run[figure]));
  const line = (title, of) => {
    const [ours, theirs] = [of(measured.blocks), of(measured.rows)];
    return [title, ours.toFixed(2), theirs.toFixed(2), (theirs / ours).toFixed(2)];
  };
  return {
    title: `A sync of ${grants} grants (${entries} entries), medians of ${rounds} rounds`,
    columns: ['', 'SSTitch', 'a row per record, in place', 'times as much'],
    rows: [
      line('replace, s', ({ replace }) => middle(replace, 'seconds')),
      line('replace, CPU of the nodes, s', ({ replace }) => middle(replace, 'nodeCpu')),
      line('replace, CPU of the client, s', ({ replace }) => middle(replace, 'clientCpu')),
      line('scan, s', ({ scan }) => middle(scan, 'seconds')),
      line('scan, CPU of the nodes, s', ({ scan }) => middle(scan, 'nodeCpu')),
      line('scan, CPU of the client, s', ({ scan }) => middle(scan, 'clientCpu')),
      [
        'of the replace, making the entries, s',
        ...[source, source].map(({ seconds }) => seconds.toFixed(2)),
        '',
      ],
    ],
  };
}
