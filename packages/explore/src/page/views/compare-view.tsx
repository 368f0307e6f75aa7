import type { ChangeShape, DifferenceShape, SyncShape } from '../../shapes.js';
import { useAnswer } from '../answers.js';
import { ListTable, PlainTable, Problem, Waiting } from '../components/list-table.js';
import { Name } from '../components/name.js';
import { link, linkWith, type Route } from '../route.js';
import { bucketText, countText, safeText, shortId, timeText } from '../words.js';

const KINDS = ['added', 'removed', 'changed'];
const BUCKETS = ['grant', 'resource', 'entitlement', 'resource_type', 'asset'];

interface CompareViewProps {
  readonly route: Route;
  readonly syncs: readonly SyncShape[];
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Shows what changed from one sync to another. */
export function CompareView({ route, syncs, before, after }: CompareViewProps) {
  const choose = (side: 'before' | 'after', syncId: string) => {
    const pair = { before: before ?? '', after: after ?? '', [side]: syncId };
    location.hash = link(['compare', pair.before, pair.after]);
  };
  return (
    <>
      <header class="title">
        <h1>What changed</h1>
        <p class="facts">
          <SyncChoice
            label="From"
            {...{ syncs }}
            value={before}
            onChoose={(id) => choose('before', id)}
          />
          <SyncChoice
            label="to"
            {...{ syncs }}
            value={after}
            onChoose={(id) => choose('after', id)}
          />
        </p>
      </header>
      {before === undefined || after === undefined ? (
        <p class="empty">A comparison needs two syncs, and the store holds one.</p>
      ) : (
        <Difference {...{ route, before, after }} />
      )}
    </>
  );
}

interface SyncChoiceProps {
  readonly label: string;
  readonly syncs: readonly SyncShape[];
  readonly value: string | undefined;
  readonly onChoose: (syncId: string) => void;
}

function SyncChoice({ label, syncs, value, onChoose }: SyncChoiceProps) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {syncs.map(({ syncId, startedAt }) => (
          <option key={syncId} value={syncId}>
            {`${timeText(startedAt)}  ${shortId(syncId)}`}
          </option>
        ))}
      </select>
    </label>
  );
}

interface DifferenceProps {
  readonly route: Route;
  readonly before: string;
  readonly after: string;
}

function Difference({ route, before, after }: DifferenceProps) {
  const { value, problem } = useAnswer<DifferenceShape>('difference', { before, after });
  if (problem !== undefined) return <Problem text={problem} />;
  if (value === undefined) return <Waiting text="Reading both syncs…" />;
  const { counts, sentences } = value;
  const changed = counts.filter(({ added, removed, changed }) => added + removed + changed > 0);
  if (changed.length === 0)
    return <p class="empty">Nothing changed: both syncs hold the same records.</p>;
  return (
    <>
      <div class="pair">
        <section>
          <h2>Records</h2>
          <PlainTable
            caption="Changed records by type"
            items={changed}
            columns={[
              { title: 'Record', cell: ({ bucket }) => bucketText(bucket) },
              { title: 'Added', isNumber: true, cell: ({ added }) => countText(added) },
              { title: 'Removed', isNumber: true, cell: ({ removed }) => countText(removed) },
              { title: 'Changed', isNumber: true, cell: (item) => countText(item.changed) },
            ]}
          />
        </section>
        <section>
          <h2>In words</h2>
          <ul class="sentences">
            {sentences.map(({ kind, text }) => (
              <li key={text}>
                <Mark {...{ kind }} />
                <Name {...{ text }} />
              </li>
            ))}
          </ul>
        </section>
      </div>
      <Changes {...{ route, before, after }} />
    </>
  );
}

function Changes({ route, before, after }: DifferenceProps) {
  const [kind, bucket] = [route.query.get('kind'), route.query.get('bucket')];
  const filter = (name: string, value: string) => {
    location.hash = linkWith(route, { [name]: value || null, cursor: null });
  };
  return (
    <ListTable<ChangeShape>
      {...{ route }}
      list="changes"
      parameters={{ before, after, kind, bucket }}
      caption="Change by change"
      empty="There is no such change."
      columns={[
        {
          title: 'Change',
          cell: (change) => (
            <>
              <Mark kind={change.kind} />
              {change.kind}
            </>
          ),
        },
        { title: 'Record', cell: (change) => change.bucket.replaceAll('_', ' ') },
        { title: 'What', cell: ({ text }) => <Name {...{ text }} /> },
        { title: 'Fields', cell: ({ fields }) => safeText(fields.join(', ')) },
        { title: 'Id', cell: ({ id }) => <Name text={id.join(' ')} mono /> },
      ]}
    >
      <Filter label="Change" value={kind} choices={KINDS} onChoose={(it) => filter('kind', it)} />
      <Filter
        label="Record"
        value={bucket}
        choices={BUCKETS}
        onChoose={(it) => filter('bucket', it)}
      />
    </ListTable>
  );
}

interface FilterProps {
  readonly label: string;
  readonly value: string | null;
  readonly choices: readonly string[];
  readonly onChoose: (value: string) => void;
}

function Filter({ label, value, choices, onChoose }: FilterProps) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value ?? ''} onChange={(event) => onChoose(event.currentTarget.value)}>
        <option value="">all</option>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice.replaceAll('_', ' ')}
          </option>
        ))}
      </select>
    </label>
  );
}

const MARKS = { added: '+', removed: '−', changed: '~' };

function Mark({ kind }: { readonly kind: keyof typeof MARKS }) {
  return (
    <span class={`mark ${kind}`} aria-hidden="true">
      {MARKS[kind]}
    </span>
  );
}
