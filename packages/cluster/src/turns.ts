// Turns to use what is limited: connections, statements in flight. Without them a burst of reads fills the queues of a
// driver or a node, where all are served in order or time out: statements that merely wait would fail, and a lease
// among them would end.

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Turns {
  #free: number;
  readonly #urgent: Waiter[] = [];
  readonly #others: Waiter[] = [];

  /** @param count how many turns there are at a time */
  constructor(count: number) {
    this.#free = count;
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

  /** Rejects all waiting callers: none will get a turn soon. */
  refuse(error: unknown): void {
    for (const { reject } of [...this.#urgent.splice(0), ...this.#others.splice(0)]) reject(error);
  }
}
