// A server that outlives the process that started it: its pid is in a file, and its output too.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
const STOP_TIMEOUT_MS = 30_000;
/** Linux's unit of CPU time in /proc: 100 a second on every platform that Node runs on. */
const CLOCK_TICKS_PER_SECOND = 100;

export class ServerProcess {
  #pidFile;
  #outputFile;

  /** @param directory an existing directory; `pid` and `stdout` go there */
  constructor(directory) {
    this.#pidFile = join(directory, 'pid');
    this.#outputFile = join(directory, 'stdout');
  }

  /**
   * Starts a command in a session of its own.
   *
   * @param {string[]} line the command and its arguments
   */
  start([command, ...args], options = {}) {
    const output = openSync(this.#outputFile, 'w');
    const child = spawn(command, args, {
      ...options,
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child.on('error', () => {});
    child.unref();
    if (child.pid === undefined) throw new Error(`${command} cannot be started`);
    writeFileSync(this.#pidFile, String(child.pid));
  }

  /** The pid, if the server runs. */
  get pid() {
    if (!existsSync(this.#pidFile)) return undefined;
    const pid = Number(readFileSync(this.#pidFile, 'utf8'));
    try {
      process.kill(pid, 0);
    } catch {
      return undefined;
    }
    return pid;
  }

  /** The end of what the server printed. */
  get output() {
    return existsSync(this.#outputFile) ? readFileSync(this.#outputFile, 'utf8').slice(-4000) : '';
  }

  signal(name) {
    const { pid } = this;
    if (pid === undefined) throw new Error('the server does not run');
    process.kill(pid, name);
  }

  /** Stops it: a signal, then SIGKILL. Nothing if it does not run. */
  async stop(signal = 'SIGTERM') {
    if (this.pid === undefined) return;
    this.signal('SIGCONT');
    this.signal(signal);
    const end = performance.now() + STOP_TIMEOUT_MS;
    while (this.pid !== undefined && performance.now() < end) await sleep(POLL_MS);
    if (this.pid !== undefined) await this.kill();
  }

  /** kill -9; fulfils when the process is gone. */
  async kill() {
    this.signal('SIGKILL');
    while (this.pid !== undefined) await sleep(POLL_MS);
  }

  /** CPU time that it used so far, in seconds; undefined where /proc does not tell. */
  get cpuSeconds() {
    const stat = this.#proc('stat');
    if (stat === undefined) return undefined;
    // Fields after the name, which may contain spaces; utime and stime are the 14th and 15th of all.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
  }

  /** Resident memory in MiB; undefined where /proc does not tell. */
  get residentMib() {
    const kib = /VmRSS:\s+(\d+)/.exec(this.#proc('status') ?? '')?.[1];
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
  }

  #proc(name) {
    const file = `/proc/${this.pid}/${name}`;
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }
}
