import type { ExplanationShape, StepShape } from '../../shapes.js';
import { useAnswer } from '../answers.js';
import { Problem, Waiting } from '../components/list-table.js';
import { EntitlementLink, Name, ResourceLink } from '../components/name.js';
import { countText } from '../words.js';

interface WhyViewProps {
  readonly syncId: string;
  readonly type: string;
  readonly id: string;
  readonly entitlementId: string;
}

/** Shows each path by which a principal comes to an entitlement. */
export function WhyView({ syncId, type, id, entitlementId }: WhyViewProps) {
  const { value, problem } = useAnswer<ExplanationShape>('explain', {
    ...{ sync: syncId, type, id, entitlement: entitlementId },
  });
  if (problem !== undefined) return <Problem text={problem} />;
  if (value === undefined) return <Waiting />;
  const { access, paths, hasMore } = value;
  const { principal, entitlement } = access;
  const count = `${countText(paths.length)}${hasMore ? ' shortest' : ''}`;
  return (
    <>
      <header class="title">
        <p class="over">why</p>
        <h1>
          <ResourceLink {...{ syncId }} resource={principal} />
          <span class="muted"> has </span>
          <EntitlementLink {...{ syncId, entitlement }} />
          {entitlement.resource !== null && (
            <>
              <span class="muted"> on </span>
              <ResourceLink {...{ syncId }} resource={entitlement.resource} />
            </>
          )}
        </h1>
        <p class="facts">
          <span>{paths.length === 1 && !hasMore ? 'by one path' : `by ${count} paths`}</span>
        </p>
      </header>
      {paths.length === 0 && (
        <p class="empty">
          The grant is marked as derived, but the grants it was derived from are gone.
        </p>
      )}
      {paths.map((path) => (
        <ol class="way" key={path.map((step) => step.entitlement.id).join('\n')}>
          {path.map((step, at) => (
            <Step key={step.entitlement.id} {...{ syncId, step }} isFirst={at === 0} />
          ))}
        </ol>
      ))}
    </>
  );
}

interface StepProps {
  readonly syncId: string;
  readonly step: StepShape;
  readonly isFirst: boolean;
}

function Step({ syncId, step, isFirst }: StepProps) {
  const { entitlement, grantIds, linkGrantId } = step;
  const grant = isFirst ? grantIds[0] : linkGrantId;
  return (
    <li>
      <p>
        <EntitlementLink {...{ syncId, entitlement }} isRow />
        {entitlement.resource !== null && (
          <>
            <span class="muted"> on </span>
            <ResourceLink {...{ syncId }} resource={entitlement.resource} />
          </>
        )}
      </p>
      <p class="muted">
        {isFirst ? 'by the grant ' : 'follows, by the grant '}
        {grant !== null && grant !== undefined && <Name text={grant} mono />}
      </p>
    </li>
  );
}
