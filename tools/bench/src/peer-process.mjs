// Runs a peer's driver as a process: load, rounds of replacing, dump. peers/driver.mjs describes the protocol.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const STDERR_CHARACTERS = 2000;

/** The running processes, none of which may outlive this one. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

class PeerProcess {
  #child;
  #stderr = '';
  #ended;

  constructor(driver, peer, args) {
    const [command, ...before] = driver.command;
    this.#child = spawn(command, [...before, ...args], {
      env: { ...process.env, ...peer.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.stdout = this.#child.stdout;
    this.stdin = this.#child.stdin;
    this.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-STDERR_CHARACTERS);
    });
    running.add(this.#child);
    this.#child.once('close', () => running.delete(this.#child));
    this.#ended = once(this.#child, 'close');
    this.#ended.catch(() => undefined);
  }

  /** Waits for the process to end with code 0. */
  async ended() {
    const [code, signal] = await this.#ended;
    if (code !== 0) throw this.failure(`ended with ${signal ?? code}`);
  }

  failure(what) {
    return new Error(`${what}: ${this.#stderr.trim() || 'no message'}`);
  }

  kill() {
    this.#child.kill('SIGKILL');
  }
}

/** Creates a database from a file of entries; returns the time it took. */
export async function loadPeer(driver, peer, directory, entriesFile) {
  const loading = new PeerProcess(driver, peer, ['load', directory, entriesFile]);
  loading.stdin.end();
  const output = await loading.stdout.toArray();
  await loading.ended();
  return JSON.parse(Buffer.concat(output).toString());
}

/** The digest of all entries of a database in key order. */
export async function digestPeer(driver, peer, directory) {
  const dumping = new PeerProcess(driver, peer, ['dump', directory]);
  dumping.stdin.end();
  const hash = createHash('sha256');
  for await (const chunk of dumping.stdout) hash.update(chunk);
  await dumping.ended();
  return hash.digest('hex');
}

/** Replaces spans of bases by those of two sources in turn, round by round. */
export class Replacer {
  #process;
  #replies;

  /** @param {string[]} sources two directories */
  constructor(driver, peer, sources, spansFile) {
    this.#process = new PeerProcess(driver, peer, ['replace', ...sources, spansFile]);
    this.#replies = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** @returns {Promise<{replaceMs: number, againMs: number, closeMs: number, refused?: string}>} */
  async replaceIn(baseDirectory) {
    this.#process.stdin.write(`${baseDirectory}\n`);
    const { value, done } = await this.#replies.next();
    if (!done) return JSON.parse(value);
    await this.#process.ended();
    throw this.#process.failure('ended without a reply');
  }

  async close() {
    this.#process.stdin.end();
    await this.#process.ended();
  }

  kill() {
    this.#process.kill();
  }
}
