// Passwords, permissions and TLS: a node that demands them, and clients that have them or do not, by the library and by
// the command line.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { makeCertificate } from '@sstitch/build-config/certificates';
import { ClusterStore } from '@sstitch/cluster';
import { openCassandra } from '@sstitch/cluster/cassandra';
import driver from 'cassandra-driver';
import { SUPERUSER } from './cassandra-nodes.mjs';

const PROGRAM = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));
const KEYSPACE = 'secured';
const RIGHT = 'the right one /%?';
const WRONG = 'very-secret';
/** The driver's time-outs of a connection are 5 s. */
const BOUND_MS = 20_000;
/** The permissions of a role that uses stores, by docs/cluster.md; those of one that creates the tables; none. */
const ROLES = {
  app: [`SELECT ON KEYSPACE ${KEYSPACE}`, `MODIFY ON KEYSPACE ${KEYSPACE}`],
  founder: ['CREATE ON ALL KEYSPACES'],
  stranger: [],
};

/** @returns what is wrong */
export async function runSecurity({ directory, nodes, log }) {
  const own = await mkdtemp(join(directory, 'security-'));
  try {
    const trusted = nodes.certificate;
    const { certificate: other } = await makeCertificate(own, 'other');
    const problems = [];
    await createRole(nodes, 'founder');
    const plain = nodes.contactPoints[0];
    const tls = plain.replace(`:${nodes.port}`, `:${nodes.tlsPort}`);
    const options = { contactPoints: [tls], keyspace: KEYSPACE, tls: await authority(trusted) };
    const credentials = { username: 'founder', password: RIGHT };
    const made = await openCassandra({
      ...options,
      credentials,
      create: true,
      replicationFactor: 1,
    });
    await made.close();
    for (const role of ['app', 'stranger']) await createRole(nodes, role);
    problems.push(...(await useStore(options)));
    problems.push(...(await useCommandLine({ own, tls, trusted })));
    for (const refusal of refusals({ plain, tls, trusted, other })) {
      problems.push(...(await checkRefusal(refusal)));
    }
    log('  passwords, permissions and TLS are checked');
    return problems;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function authority(path) {
  return { ca: await readFile(path) };
}

async function createRole(nodes, role) {
  const client = new driver.Client({
    contactPoints: nodes.contactPoints,
    localDataCenter: 'datacenter1',
    protocolOptions: { port: nodes.port },
    credentials: SUPERUSER,
  });
  await client.connect();
  await client.execute(`CREATE ROLE ${role} WITH PASSWORD = '${RIGHT}' AND LOGIN = true`);
  for (const permission of ROLES[role]) await client.execute(`GRANT ${permission} TO ${role}`);
  await client.shutdown();
}

/** A role that may select and modify uses a store in every way. */
async function useStore(options) {
  const credentials = { username: 'app', password: RIGHT };
  const connection = await openCassandra({ ...options, credentials });
  const store = new ClusterStore(connection.store('acme'));
  async function* entries() {
    yield/** @type {const} */ ([['grant/ann', 'admin']]);
  }
  await store.put('grant/bob', 'viewer');
  const span = { start: Buffer.from('grant/'), end: Buffer.from('grant0') };
  await store.replaceSpans([span], entries());
  const found = await store.iterator().all();
  await store.fold();
  await store.checkpoint();
  await store.collect();
  const shown = inspect([await store.clusterStatus(), await store.metrics()], { depth: null });
  await store.close();
  await connection.close();
  const problems = [];
  if (String(found) !== 'grant/ann,admin') problems.push(`the store of a role has ${found}`);
  if (shown.includes(RIGHT))
    problems.push('the status or the metrics of a store have the password');
  return problems;
}

async function useCommandLine({ own, tls, trusted }) {
  const file = join(own, 'password');
  await writeFile(file, `${RIGHT}\n`, { mode: 0o600 });
  const address = addressOf({ point: tls, user: 'app', ca: trusted });
  const problems = [];
  for (const line of [
    ['generate', address, '--grants', '20'],
    ['syncs', address],
    ['cluster', 'status', address],
  ]) {
    const { exitCode, output } = await sstitch(line, { SSTITCH_CLUSTER_PASSWORD_FILE: file });
    if (exitCode !== 0) problems.push(`sstitch ${line[0]} failed: ${output}`);
    if (output.includes(RIGHT)) problems.push(`sstitch ${line[0]} prints the password`);
  }
  return problems;
}

/** Clients that a node refuses: what they try, and what the error says. */
function refusals({ plain, tls, trusted, other }) {
  const app = { user: 'app', password: RIGHT };
  const refused = 'SSTITCH_CLUSTER_REFUSED';
  return [
    {
      what: 'a wrong password',
      client: { point: tls, ca: trusted, user: 'app', password: WRONG },
      code: refused,
      message: /app.* incorrect: check the user and the password/,
    },
    {
      what: 'a wrong password without TLS',
      client: { point: plain, user: 'app', password: WRONG },
      code: refused,
      message: /app.* incorrect: check the user and the password/,
    },
    {
      what: 'no password',
      client: { point: tls, ca: trusted },
      code: refused,
      message: /it asks for a login: set a user and a password/,
    },
    {
      what: 'another authority',
      client: { point: tls, ca: other, ...app },
      code: refused,
      message: /its certificate is not trusted .*: set ca to that of its authority/,
    },
    {
      what: 'the authorities of the system',
      client: { point: tls, isEncrypted: true, ...app },
      code: refused,
      message: /its certificate is not trusted/,
    },
    {
      what: 'TLS where there is none',
      client: { point: plain, ca: trusted, ...app },
      code: refused,
      message: /it does not speak TLS there: leave out tls, or set the port for TLS/,
    },
    {
      what: 'no TLS where it is demanded',
      client: { point: tls, ...app },
      code: 'SSTITCH_CLUSTER_UNAVAILABLE',
      message: /if it takes TLS alone, set tls/,
    },
    {
      what: 'no permission',
      client: { point: tls, ca: trusted, user: 'stranger', password: RIGHT },
      code: refused,
      message: /stranger has no .* permission on .*: grant it/,
    },
  ];
}

async function checkRefusal({ what, client, code, message }) {
  const problems = [];
  const check = (where, isRight, found) => {
    if (!isRight) problems.push(`a client with ${what}, by the ${where}: ${found}`);
  };
  const { error, durationMs } = await refusalOf(client);
  const isExpected = error?.code === code && message.test(error.message);
  check('library', isExpected, inspect(error));
  const everything = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error);
  check('library', !hasPassword(everything), 'the error has the password');
  check('library', !String(error).includes('\n'), 'the error has several lines');
  check('library', durationMs < BOUND_MS, `${durationMs} ms until the error`);

  const env = client.password === undefined ? {} : { SSTITCH_CLUSTER_PASSWORD: client.password };
  const { exitCode, output } = await sstitch(['syncs', addressOf(client)], env);
  const document = JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? '{}');
  const found = document.error ?? {};
  const isReported = exitCode === 1 && found.code === code && message.test(found.message);
  check('command line', isReported, output);
  check('command line', !hasPassword(output), 'the output has the password');
  return problems;
}

/** Uses the library as a client until the first error. */
async function refusalOf({ point, ca, isEncrypted, user, password }) {
  const startedMs = performance.now();
  const tls = ca === undefined ? (isEncrypted ? {} : undefined) : await authority(ca);
  let connection;
  let error;
  try {
    connection = await openCassandra({
      contactPoints: [point],
      keyspace: KEYSPACE,
      ...(tls && { tls }),
      ...(user && { credentials: { username: user, password } }),
    });
    await connection.stores();
  } catch (thrown) {
    error = thrown;
  }
  await connection?.close();
  return { error, durationMs: performance.now() - startedMs };
}

function addressOf({ point, ca = undefined, isEncrypted = false, user = undefined }) {
  const login = user === undefined ? '' : `${user}@`;
  const query = [
    ...(ca === undefined && !isEncrypted ? [] : ['tls=require']),
    ...(ca === undefined ? [] : [`ca=${encodeURIComponent(ca)}`]),
  ].join('&');
  return `cassandra://${login}${point}/${KEYSPACE}/acme?${query}`;
}

/** Runs a command line with all that it can print about an error. */
function sstitch(line, env) {
  const args = [PROGRAM, ...line, '--json', '--verbose'];
  const options = { env: { ...process.env, SSTITCH_DEBUG: '1', ...env }, timeout: BOUND_MS * 2 };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) =>
      resolve({ exitCode: child.exitCode, output: `${stderr}\n${stdout}` }),
    );
  });
}

function hasPassword(text) {
  return text.includes(RIGHT) || text.includes(WRONG);
}
