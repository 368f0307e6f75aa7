// A Cassandra cluster on this machine: a node on each of 127.0.0.1, .2, .3 …, or each in a network namespace. All files
// of a cluster are in one directory, with the pid of each node, so that another process can continue with the cluster.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificate } from '@sstitch/build-config/certificates';
import driver from 'cassandra-driver';
import { cassandraJars } from './cassandra-jars.mjs';
import { cassandraYaml, javaArguments, LOGBACK_XML } from './cassandra-settings.mjs';
import {
  createNamespaces,
  inNamespace,
  namespaceAddress,
  removeNamespaces,
  setLink,
} from './namespaces.mjs';
import { requireJava, requireNamespaces } from './requirements.mjs';
import { ServerProcess } from './server-process.mjs';

const DEFAULT_PORTS = { cql: 19_042, tls: 19_142, storage: 17_000, jmx: 17_199 };
const START_TIMEOUT_MS = 300_000;
/** How many networks of namespaces can exist at once. */
const NETWORKS = 256;
const POLL_MS = 200;
const CONNECT_TIMEOUT_MS = 500;
/** The data center's name under SimpleSnitch. */
const DATA_CENTER = 'datacenter1';

/** The role that a secured cluster begins with. */
export const SUPERUSER = { username: 'cassandra', password: 'cassandra' };

/** The directory of a cluster for which the caller names none. */
const DEFAULT_DIRECTORY = join(tmpdir(), 'sstitch-cluster', 'cassandra');

export class CassandraNodes {
  #settings;

  constructor(settings) {
    this.#settings = settings;
  }

  /**
   * Makes and starts a new cluster; its nodes start at once.
   *
   * @param {object} options
   * @param {string} [options.directory] where everything is kept; it must not hold a cluster
   * @param {number} [options.count] nodes
   * @param {number} [options.portOffset] added to the ports, for a second cluster beside another
   * @param {string} [options.commitLog] periodic, group or batch: when a write is on disk before it is acknowledged
   * @param {boolean} [options.partitions] whether nodes can be cut off: gives each a network namespace
   * @param {boolean} [options.isSecured] whether clients need a password, and permissions; opens a second port, for TLS
   */
  static async create({
    directory = DEFAULT_DIRECTORY,
    count = 3,
    portOffset = 0,
    commitLog = 'periodic',
    partitions = false,
    isSecured = false,
  } = {}) {
    requireJava();
    if (partitions) requireNamespaces();
    if (existsSync(join(directory, 'cluster.json'))) {
      throw new Error(`${directory} holds a cluster: start it, or wipe it first`);
    }
    const jars = await cassandraJars();
    const ports = Object.fromEntries(
      Object.entries(DEFAULT_PORTS).map(([name, port]) => [name, port + portOffset]),
    );
    const network = partitions ? portOffset % NETWORKS : undefined;
    await mkdir(directory, { recursive: true });
    const secured = isSecured ? await makeKeyAndCertificate(directory) : {};
    const settings = { directory, count, ports, commitLog, network, jars, ...secured };
    const nodes = new CassandraNodes(settings);
    await writeFile(join(directory, 'cluster.json'), JSON.stringify(nodes.#settings));
    if (partitions) createNamespaces(network, count);
    await nodes.start();
    return nodes;
  }

  /** The cluster that a directory holds; its nodes may run or not. */
  static open(directory = DEFAULT_DIRECTORY) {
    const file = join(directory, 'cluster.json');
    if (!existsSync(file)) throw new Error(`${directory} holds no cluster: create one first`);
    return new CassandraNodes(JSON.parse(readFileSync(file, 'utf8')));
  }

  get count() {
    return this.#settings.count;
  }

  /** The numbers of the nodes, from 1. */
  get numbers() {
    return Array.from({ length: this.count }, (_, index) => index + 1);
  }

  /** Whether nodes can be cut off. */
  get hasPartitions() {
    return this.#settings.network !== undefined;
  }

  get port() {
    return this.#settings.ports.cql;
  }

  /** Where nodes take TLS, if they are secured. */
  get tlsPort() {
    return this.#settings.ports.tls;
  }

  /** The path of the nodes' certificate, which is its own authority, if they are secured. */
  get certificate() {
    return this.#settings.certificate;
  }

  /** `address:port` of each node. */
  get contactPoints() {
    return this.#addresses().map((address) => `${address}:${this.port}`);
  }

  /** Starts the nodes that do not run, all at once; fulfils when each takes clients and knows the others. */
  async start(numbers = this.numbers) {
    const started = numbers.filter((number) => this.#process(number).pid === undefined);
    for (const number of started) await this.#launch(number);
    for (const number of started) await this.#untilReady(number);
    await this.#untilAllKnown();
  }

  /** Fulfils when each node reads from all replicas of a table of three copies. */
  async untilAllAnswer(table) {
    const query = `SELECT * FROM ${table} LIMIT 1`;
    const options = { consistency: driver.types.consistencies.all };
    await this.#untilEach((client, host) => client.execute(query, [], { ...options, host }));
  }

  async stop(numbers = this.numbers) {
    await Promise.all(numbers.map((number) => this.#process(number).stop()));
  }

  /** kill -9. */
  async kill(number) {
    await this.#process(number).kill();
  }

  /** SIGSTOP: the node keeps its connections and answers nothing. */
  pause(number) {
    this.#process(number).signal('SIGSTOP');
  }

  /** SIGCONT. */
  resume(number) {
    this.#process(number).signal('SIGCONT');
  }

  /** Cuts a node off from the others and from the clients. Needs `partitions`. */
  cutOff(number) {
    this.#requirePartitions();
    setLink(this.#settings.network, number, false);
  }

  /** Ends what {@link cutOff} began. */
  connectAgain(number) {
    this.#requirePartitions();
    setLink(this.#settings.network, number, true);
  }

  /** Of each node: its pid, whether it takes clients, memory, CPU time. */
  async status() {
    return Promise.all(
      this.numbers.map(async (number) => {
        const { pid, residentMib, cpuSeconds } = this.#process(number);
        const takesClients = pid !== undefined && (await this.#takesClients(number));
        return { node: this.contactPoints[number - 1], pid, takesClients, residentMib, cpuSeconds };
      }),
    );
  }

  /** CPU time of the running nodes since each was started, in seconds. */
  get cpuSeconds() {
    return this.numbers.reduce((sum, number) => sum + (this.#process(number).cpuSeconds ?? 0), 0);
  }

  /** Stops the nodes and removes everything but the jars. */
  async wipe() {
    await this.stop();
    if (this.hasPartitions) removeNamespaces(this.#settings.network, this.count);
    await rm(this.#settings.directory, { recursive: true, force: true });
  }

  #addresses() {
    const { network } = this.#settings;
    return this.numbers.map((number) =>
      network === undefined ? `127.0.0.${number}` : namespaceAddress(network, number),
    );
  }

  #directoryOf(number) {
    return join(this.#settings.directory, `node-${number}`);
  }

  #process(number) {
    return new ServerProcess(this.#directoryOf(number));
  }

  #requirePartitions() {
    if (!this.hasPartitions) throw new Error('the cluster was created without partitions');
  }

  async #launch(number) {
    const { jars, ports, commitLog, network, keyAndCertificate } = this.#settings;
    const directory = this.#directoryOf(number);
    for (const name of ['conf', 'data', 'logs']) {
      await mkdir(join(directory, name), { recursive: true });
    }
    const addresses = this.#addresses();
    const options = { directory, ports, commitLog, keyAndCertificate };
    const yaml = cassandraYaml({ addresses, node: number, ...options });
    await writeFile(join(directory, 'conf', 'cassandra.yaml'), yaml);
    await writeFile(join(directory, 'conf', 'logback.xml'), LOGBACK_XML);
    const java = ['java', ...javaArguments({ jars, directory, jmxPort: ports.jmx + number })];
    // Without the limit the node locks its memory, which touches all of the heap first: 11 s.
    const limited = ['sh', '-c', 'ulimit -l 64 2>/dev/null; exec "$@"', 'sh', ...java];
    const command = network === undefined ? limited : [...inNamespace(network, number), ...limited];
    this.#process(number).start(command);
  }

  async #untilAllKnown() {
    await this.#untilEach(async (client, host) => {
      const { rows } = await client.execute('SELECT peer FROM system.peers', [], { host });
      if (rows.length < this.count - 1) throw new Error(`${host.address} knows ${rows.length}`);
    });
  }

  /** Calls `check` for each running node until it succeeds for all. */
  async #untilEach(check) {
    const end = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const client = new driver.Client({
        contactPoints: this.contactPoints,
        localDataCenter: DATA_CENTER,
        protocolOptions: { port: this.port },
        ...(this.#settings.keyAndCertificate === undefined ? {} : { credentials: SUPERUSER }),
      });
      try {
        await client.connect();
        for (const number of this.numbers) {
          if (this.#process(number).pid === undefined) continue;
          const host = client.hosts.get(this.contactPoints[number - 1]);
          if (host === undefined) throw new Error(`node ${number} is not known yet`);
          await check(client, host);
        }
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
      } finally {
        await client.shutdown();
      }
      await sleep(POLL_MS);
    }
  }

  async #untilReady(number) {
    const server = this.#process(number);
    const end = performance.now() + START_TIMEOUT_MS;
    while (!(await this.#takesClients(number))) {
      const node = `node ${number} in ${this.#directoryOf(number)}`;
      if (server.pid === undefined) throw new Error(`${node} ended:\n${server.output}`);
      if (performance.now() > end) throw new Error(`${node} did not start:\n${server.output}`);
      await sleep(POLL_MS);
    }
  }

  #takesClients(number) {
    const host = this.#addresses()[number - 1];
    return new Promise((resolve) => {
      const socket = connect({ host, port: this.port, timeout: CONNECT_TIMEOUT_MS });
      const end = (isConnected) => {
        socket.destroy();
        resolve(isConnected);
      };
      socket.once('connect', () => end(true));
      socket.once('error', () => end(false));
      socket.once('timeout', () => end(false));
    });
  }
}

/** The certificate of every node; and with its key in one file, as Cassandra's PEMBasedSslContextFactory takes it. */
async function makeKeyAndCertificate(directory) {
  const { key, certificate } = await makeCertificate(directory, 'nodes');
  const keyAndCertificate = join(directory, 'nodes-key-and-certificate.pem');
  const parts = [await readFile(key), await readFile(certificate)];
  await writeFile(keyAndCertificate, Buffer.concat(parts));
  return { certificate, keyAndCertificate };
}
