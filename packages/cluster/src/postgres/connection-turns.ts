// Turns to use a connection. The pool's own queue gives up after the time that a connection may take, and serves in order:
// a burst of reads would fail statements that merely wait, and a lease among them would end.

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class ConnectionTurns {
  #free: number;
  readonly #urgent: Waiter[] = [];
  readonly #others: Waiter[] = [];

  /** @param connections how many turns there are at a time */
  constructor(connections: number) {
    this.#free = connections;
  }

  /** Waits for a turn. Urgent callers come first. */
  async take(isUrgent: boolean): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      (isUrgent ? this.#urgent : this.#others).push({ resolve, reject });
    });
  }

  /** Ends a turn. */
  end(): void {
    const next = this.#urgent.shift() ?? this.#others.shift();
    if (next === undefined) this.#free += 1;
    else next.resolve();
  }

  /** Rejects all waiting callers: no connection can be made. */
  refuse(error: unknown): void {
    for (const { reject } of [...this.#urgent.splice(0), ...this.#others.splice(0)]) reject(error);
  }
}
