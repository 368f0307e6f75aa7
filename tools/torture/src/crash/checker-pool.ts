// A pool of processes that open crash states, one state at a time each. If a process dies, for example by an
// assert of LevelDB's, its state has failed and the process is replaced.
import { type ChildProcess, fork } from 'node:child_process';
import { childFile } from '../cases/child-file.js';
import type {
  CheckerRequest,
  CheckerResponse,
  CrashTarget,
  TargetBounds,
} from './crash-checker.js';

/** A state that takes longer than this counts as hanging. */
const MAX_CHECK_MS = 600_000;
const GRACE_MS = 15_000;

interface Checker {
  readonly process: ChildProcess;
  scenario: readonly CrashTarget[] | undefined;
  errors: string;
}

export class CheckerPool {
  readonly #idle: Checker[] = [];
  readonly #all = new Set<Checker>();
  readonly #waiting: Array<(checker: Checker) => void> = [];
  #targets: readonly CrashTarget[] = [];
  #lastId = 0;

  constructor(size: number) {
    for (let index = 0; index < size; index++) this.#idle.push(this.#start());
  }

  /** Sets the targets of the following states. */
  use(targets: readonly CrashTarget[]): void {
    this.#targets = targets;
  }

  /** Checks the state that `make` writes to a directory; returns what is wrong with it. */
  async check(
    make: (id: number) => string,
    bounds: readonly TargetBounds[],
    thorough: boolean,
  ): Promise<string | undefined> {
    const targets = this.#targets;
    const checker = this.#idle.pop() ?? (await new Promise<Checker>((r) => this.#waiting.push(r)));
    const id = ++this.#lastId;
    const directory = make(id);
    if (checker.scenario !== targets) {
      checker.scenario = targets;
      send(checker, { kind: 'scenario', targets });
    }
    const failure = await this.#answer(checker, { kind: 'state', id, directory, bounds, thorough });
    const next = this.#all.has(checker) ? checker : this.#start();
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#idle.push(next);
    else waiting(next);
    return failure;
  }

  async end(): Promise<void> {
    await Promise.all(
      [...this.#all].map(
        ({ process }) =>
          new Promise<void>((resolve) => {
            process.once('exit', () => resolve());
            process.disconnect();
          }),
      ),
    );
  }

  #answer(checker: Checker, request: CheckerRequest): Promise<string | undefined> {
    return new Promise((resolve) => {
      const { process } = checker;
      let timer = setTimeout(() => {
        // If this process itself was suspended, a pending answer arrives first.
        timer = setTimeout(() => process.kill('SIGKILL'), GRACE_MS);
      }, MAX_CHECK_MS);
      const done = (failure: string | undefined) => {
        clearTimeout(timer);
        process.off('message', onMessage);
        process.off('exit', onExit);
        resolve(failure);
      };
      const onMessage = ({ failure }: CheckerResponse) => done(failure);
      const onExit = (code: number | null, signal: string | null) =>
        done(`the process that opened it ended (${signal ?? `code ${code}`}): ${checker.errors}`);
      process.once('message', onMessage);
      process.once('exit', onExit);
      send(checker, request);
    });
  }

  #start(): Checker {
    const child = fork(childFile('crash-checker'), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    const checker: Checker = { process: child, scenario: undefined, errors: '' };
    child.stderr?.on('data', (bytes: Buffer) => {
      checker.errors = (checker.errors + bytes.toString()).slice(-4000);
    });
    child.once('exit', () => this.#all.delete(checker));
    this.#all.add(checker);
    return checker;
  }
}

function send({ process }: Checker, request: CheckerRequest): void {
  // The exit of a dead process is its answer.
  if (process.connected) process.send(request, () => undefined);
}
