// A process of the failure run, and what it reported.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const STOP_TIMEOUT_MS = 90_000;

export class ChildProcess {
  #child;
  #listeners = [];
  /** How often each type of message came, and each code of a failure. */
  counts = {};

  /**
   * @param script the name of a module beside this one
   * @param onMessage called with each message
   */
  constructor(script, setting, onMessage) {
    this.script = script;
    const path = fileURLToPath(new URL(script, import.meta.url));
    this.#child = fork(path, [JSON.stringify(setting)]);
    this.#child.on('message', (message) => {
      const key = message.code ?? message.type;
      this.counts[key] = (this.counts[key] ?? 0) + 1;
      onMessage(message);
      for (const listener of [...this.#listeners]) listener(message);
    });
    this.#child.on('error', () => {});
  }

  /** Fulfils at the next message of a type. */
  next(type) {
    return new Promise((resolve) => {
      const listener = (message) => {
        if (message.type !== type) return;
        this.#listeners.splice(this.#listeners.indexOf(listener), 1);
        resolve(message);
      };
      this.#listeners.push(listener);
    });
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  send(message) {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Asks it to end. @returns whether it ended by itself, without an error */
  async stop() {
    if (!this.isRunning) return this.#child.exitCode === 0;
    const ended = once(this.#child, 'exit');
    this.send({ type: 'stop' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const [code] = await ended;
    clearTimeout(timer);
    return code === 0;
  }

  /** kill -9; fulfils when it is gone. */
  async kill() {
    if (!this.isRunning) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}
