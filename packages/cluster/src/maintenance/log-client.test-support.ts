// A client of a log of one process that applies each commit at once.
import { randomUUID } from 'node:crypto';
import type { Edit } from '../log/edits.js';
import { encodeEdits } from '../log/record-format.js';
import type { Committed, LogClient, View } from '../protocol/log-client.js';
import { applyRecord, EMPTY_STATE } from '../state/apply-record.js';
import type { State } from '../state/state.js';

export class LocalLogClient implements LogClient {
  readonly owner = randomUUID();
  known: State = EMPTY_STATE;
  readonly heldSlot = 0;

  async latest(): Promise<State> {
    return this.known;
  }

  view(): View {
    const state = this.known;
    const commit = (edits: readonly Edit[]) => this.commit(edits);
    return { state: async () => state, commit, release: () => undefined };
  }

  async commit(edits: readonly Edit[]): Promise<Committed | undefined> {
    // The real client encodes the edits too; encoding checks their limits.
    encodeEdits(edits);
    const { slot: base } = this.known;
    const group = { id: randomUUID(), owner: this.owner, base, edits };
    const { state, outcomes } = applyRecord(this.known, base + 1, { groups: [group] });
    this.known = state;
    if (outcomes[0] === 'outdated') return undefined;
    if (outcomes[0] !== 'applied') throw new Error(`the group is ${outcomes[0]}`);
    return { slot: base + 1, state, durationMs: 0 };
  }

  async join(): Promise<void> {
    if (!this.known.owners.has(this.owner)) await this.commit([{ type: 'join' }]);
  }

  checkLease(): void {}

  onOwnSlot(): void {}

  async close(): Promise<void> {}
}
