// Runs a store's maintenance in the background, one task at a time. A failed task is tried again at the next wake-up:
// only speed and space depend on maintenance.

/** A task that runs when a store needs it. */
export interface MaintenanceTask {
  readonly name: string;
  /** Whether it should run now. Called at each wake-up, so it must be cheap. */
  isDue(): boolean;
  /** @returns whether it did something */
  run(signal: AbortSignal): Promise<boolean>;
}

/** How often each task ran, and how it failed last. */
export interface BackgroundMetrics {
  /** How often each task succeeded since the store was opened, by the task's name. */
  readonly runs: Readonly<Record<string, number>>;
  /** The last task that failed, if it has not succeeded since. */
  readonly failure: { readonly task: string; readonly error: unknown } | undefined;
}

export class Background {
  readonly #tasks: readonly MaintenanceTask[];
  readonly #onFailure: (task: string, error: unknown) => void;
  readonly #stop = new AbortController();
  readonly #runs: Record<string, number> = {};
  #failure: { task: string; error: unknown } | undefined;
  #running: Promise<void> | undefined;

  constructor(
    tasks: readonly MaintenanceTask[],
    onFailure: (task: string, error: unknown) => void,
  ) {
    this.#tasks = tasks;
    this.#onFailure = onFailure;
  }

  get metrics(): BackgroundMetrics {
    return { runs: { ...this.#runs }, failure: this.#failure };
  }

  /** Fulfils when no task runs. */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Starts what is due, unless tasks run: these go on until nothing is due. */
  wake(): void {
    if (this.#running !== undefined || this.#stop.signal.aborted) return;
    if (!this.#tasks.some((task) => task.isDue())) return;
    this.#running = this.#runAll().finally(() => {
      this.#running = undefined;
    });
  }

  /** Runs what is due, and what became due meanwhile, until nothing more can be done. */
  async #runAll(): Promise<void> {
    let didSomething: boolean;
    do {
      didSomething = false;
      for (const task of this.#tasks) {
        if (this.#stop.signal.aborted) return;
        if (task.isDue()) didSomething = (await this.#run(task)) || didSomething;
      }
    } while (didSomething);
  }

  async #run(task: MaintenanceTask): Promise<boolean> {
    const { signal } = this.#stop;
    try {
      const didSomething = await task.run(signal);
      this.#runs[task.name] = (this.#runs[task.name] ?? 0) + 1;
      if (this.#failure?.task === task.name) this.#failure = undefined;
      return didSomething;
    } catch (error) {
      if (signal.aborted) return false;
      this.#failure = { task: task.name, error };
      this.#onFailure(task.name, error);
      return false;
    }
  }

  /** Cancels the task that runs, and waits for its end. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
