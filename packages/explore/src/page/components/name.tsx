// Shows names from data harmlessly: markup stays text, invisible characters are escaped, and right-to-left text does
// not reorder what surrounds it.
import type { NamedEntitlement, NamedResource } from '../../shapes.js';
import { link } from '../route.js';
import { nameText, safePieces, safeText } from '../words.js';

/** Shows a text from data on one line. */
export function Name({ text, mono = false }: { readonly text: string; readonly mono?: boolean }) {
  return (
    <bdi class={mono ? 'name mono' : 'name'} title={safeText(text)}>
      {safePieces(text).map(({ text: piece, isEscape }) =>
        isEscape ? <span class="escape">{piece}</span> : piece,
      )}
    </bdi>
  );
}

interface ResourceLinkProps {
  readonly syncId: string;
  readonly resource: NamedResource;
  /** Whether arrow keys stop here. @defaultValue false */
  readonly isRow?: boolean;
  readonly view?: string;
}

/** Links to a resource. */
export function ResourceLink({ syncId, resource, isRow = false, view }: ResourceLinkProps) {
  const { type, id, name } = resource;
  return (
    <a
      class="entity"
      href={link(['sync', syncId, 'resource', type, id], { view })}
      data-row={isRow ? '' : undefined}
    >
      <Name text={nameText(name, id)} mono={name === ''} />
    </a>
  );
}

interface EntitlementLinkProps {
  readonly syncId: string;
  readonly entitlement: NamedEntitlement;
  readonly isRow?: boolean;
}

/** Links to an entitlement. */
export function EntitlementLink({ syncId, entitlement, isRow = false }: EntitlementLinkProps) {
  const { id, name } = entitlement;
  return (
    <a
      class="entity"
      href={link(['sync', syncId, 'entitlement', id])}
      data-row={isRow ? '' : undefined}
    >
      <Name text={nameText(name, id)} mono={name === ''} />
    </a>
  );
}
