// Compares two syncs of the store, in counts, in sentences and change by change.
//
// A comparison reads both syncs once and keeps its first MAX_KEPT_CHANGES changes, without their records, in memory for
// paging. The CSV file has all changes and reads the syncs again.
import {
  type ChangeKind,
  type DiffCounts,
  describeChanges,
  diffSyncs,
  type RecordChange,
  type SyncDiff,
} from '@sstitch/operations';
import type {
  EntitlementRecord,
  GrantRecord,
  ResourceRecord,
  ResourceTypeRecord,
} from '@sstitch/records';
import { ExploreError } from '../errors.js';
import type { ChangeShape, DifferenceShape } from '../shapes.js';
import type { StoreView } from '../view/store-view.js';
import { type StoredNames, shortName } from '../view/stored-names.js';
import { type AnyList, pageOf, type Question, type QuestionParameters } from './question.js';
import { findSync } from './sync-list.js';

const MAX_SENTENCES = 15;
const MAX_KEPT_CHANGES = 10_000;
const KINDS: readonly ChangeKind[] = ['added', 'removed', 'changed'];
const BUCKETS = ['grant', 'resource', 'entitlement', 'resource_type', 'asset'];
const COLUMNS = ['change', 'record_type', 'id', 'text', 'fields'];

/** The result of a comparison. */
interface Comparison {
  readonly pair: string;
  readonly counts: DiffCounts;
  readonly sentences: DifferenceShape['sentences'];
  readonly changes: readonly KeptChange[];
}

/** What is shown of a change. Its records may be large. */
interface KeptChange extends Omit<ChangeShape, 'text'> {
  /** A name; for a grant, the principal and the entitlement to name. */
  readonly subject: string | Pick<GrantRecord, 'principal' | 'entitlement'>;
}

/** The latest comparison of each view. */
const compared = new WeakMap<StoreView, Comparison>();

/** Counts and describes the changes between two syncs. */
export async function compareSyncs(question: Question): Promise<DifferenceShape> {
  const { view, parameters } = question;
  const [before, after] = await Promise.all([
    findSync(view, parameters.syncId('before')),
    findSync(view, parameters.syncId('after')),
  ]);
  const { counts, sentences } = await comparisonOf(question);
  return {
    before,
    after,
    sentences,
    counts: BUCKETS.map((bucket) => {
      const { added = 0, removed = 0, changed = 0 } = counts[bucket as keyof DiffCounts] ?? {};
      return { bucket, added, removed, changed };
    }),
  };
}

/** Lists the changes, of one kind or record type if it is given. */
export async function listChanges(question: Question): Promise<AnyList> {
  const { view, parameters } = question;
  const isWanted = filterOf(parameters);
  const names = ['after', 'before'].map((side) => view.lookup(parameters.syncId(side)));
  const columns = COLUMNS;
  const row = ({ kind, bucket, id, text, fields }: ChangeShape) => [
    ...[kind, bucket, id.join('/'), text, fields.join(' ')],
  ];
  return {
    columns,
    page: async (limit, cursor) => {
      const { changes } = await comparisonOf(question);
      const { items, next } = pageOf(changes.filter(isWanted), limit, cursor);
      const shapes = items.map((change) => changeShape(change, names));
      return { items: await Promise.all(shapes), next };
    },
    rows: async function* () {
      for await (const change of diffOf(question)) {
        if (isWanted(change)) yield row(await changeShape(keptChange(change), names));
      }
    },
  };
}

async function comparisonOf(question: Question): Promise<Comparison> {
  const { view, parameters } = question;
  const pair = `${parameters.syncId('before')} ${parameters.syncId('after')}`;
  const known = compared.get(view);
  if (known?.pair === pair) return known;
  const diff = diffOf(question);
  const changes: KeptChange[] = [];
  async function* keeping() {
    for await (const change of diff) {
      if (changes.length < MAX_KEPT_CHANGES) changes.push(keptChange(change));
      yield change;
    }
  }
  const sentences = await describeChanges(keeping(), {
    ...sidesOf(question),
    limit: MAX_SENTENCES,
  });
  const comparison = { pair, counts: diff.counts, sentences, changes };
  compared.set(view, comparison);
  return comparison;
}

function diffOf(question: Question): SyncDiff {
  const { before, after } = sidesOf(question);
  return diffSyncs(before, after, { signal: question.signal });
}

function sidesOf({ view, parameters }: Question) {
  const side = (name: string) => ({
    engine: view.engine,
    snapshot: view.snapshot,
    syncId: parameters.syncId(name),
  });
  return { before: side('before'), after: side('after') };
}

function filterOf(
  parameters: QuestionParameters,
): (change: Pick<ChangeShape, 'kind' | 'bucket'>) => boolean {
  const kind = choiceOf(parameters, 'kind', KINDS);
  const bucket = choiceOf(parameters, 'bucket', BUCKETS);
  return (change) =>
    (kind === undefined || change.kind === kind) &&
    (bucket === undefined || change.bucket === bucket);
}

function choiceOf(
  parameters: QuestionParameters,
  name: string,
  choices: readonly string[],
): string | undefined {
  const text = parameters.optional(name);
  if (text === undefined || choices.includes(text)) return text;
  const known = choices.join(', ');
  throw new ExploreError('SSTITCH_QUESTION_INVALID', `${name}: must be one of ${known}`);
}

async function changeShape(
  { subject, ...change }: KeptChange,
  names: readonly StoredNames[],
): Promise<ChangeShape> {
  const text = typeof subject === 'string' ? subject : await grantText(subject, names);
  return { ...change, text };
}

function keptChange(change: RecordChange): KeptChange {
  const { kind, bucket, id, fields } = change;
  return { kind, bucket, id, fields, subject: subjectOf(change) };
}

function subjectOf({ bucket, id, before, after }: RecordChange): KeptChange['subject'] {
  const record = after ?? before;
  switch (bucket) {
    case 'grant': {
      const { principal, entitlement } = record as GrantRecord;
      return { principal, entitlement };
    }
    case 'resource':
    case 'resource_type':
    case 'entitlement':
      return shortName(
        (record as ResourceRecord | ResourceTypeRecord | EntitlementRecord).displayName,
      );
    default:
      return id.join(' ');
  }
}

/** Says who has what, with names of the later sync, or of the earlier one if that has none. */
async function grantText(
  { principal, entitlement }: Pick<GrantRecord, 'principal' | 'entitlement'>,
  names: readonly StoredNames[],
): Promise<string> {
  const nameOf = async (look: (of: StoredNames) => Promise<{ name: string }>, id: string) => {
    for (const of of names) {
      const { name } = await look(of);
      if (name !== '') return name;
    }
    return id;
  };
  const who = principal && (await nameOf((of) => of.resource(principal), principal.resourceId));
  if (entitlement === undefined) return who ?? '';
  const { entitlementId } = entitlement;
  const what = await nameOf((of) => of.entitlement(entitlementId), entitlementId);
  const where = await nameOf((of) => of.resource(entitlement), entitlement.resourceId);
  return `${who ?? '?'} has ${what} on ${where}`;
}
