import {
  type Access,
  type AccessPage,
  type AccessPath,
  openAccess,
  type SyncAccess,
} from '@sstitch/access';
import type { ResourceName } from '@sstitch/records';
import type { CommandContext, CommandResult, Run } from '../../command-line/command-context.js';
import type { InputOf } from '../../command-line/command-spec.js';
import { usageError } from '../../errors.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { withSyncs } from '../../operations/open-syncs.js';
import { readCounts } from '../../operations/sync-counts.js';
import { formatCount, formatCountOf } from '../../output/quantities.js';
import { type Column, formatTable } from '../../output/table.js';
import { keyOf, RecordNames } from '../../records/record-names.js';
import { requireSyncs, syncIdsOf } from '../../stores/find-syncs.js';
import type { ByteReader } from '../../stores/open-store.js';
import { escapeText } from '../../terminal/escape.js';
import type { whoCommand } from './command.js';
import {
  describeAccess,
  entitlementText,
  pathText,
  resourceText,
  sourcesText,
} from './describe-access.js';
import { findEntitlement } from './find-entitlement.js';
import { findResource } from './find-resource.js';

type Input = InputOf<typeof whoCommand>;

/** The most ways to show for one access. */
const MAX_PATHS = 10;

/** A question and the sync that it concerns. */
interface Asked {
  readonly context: CommandContext;
  readonly input: Input;
  readonly syncId: string;
  readonly access: SyncAccess;
  readonly names: RecordNames;
  readonly principal: ResourceName | undefined;
  readonly resource: ResourceName | undefined;
  /** The id of an entitlement. */
  readonly entitlementId: string | undefined;
}

export const run: Run<typeof whoCommand> = (context, input) => {
  const { principal, entitlement, resource } = input;
  if (principal === undefined && entitlement === undefined && resource === undefined) {
    throw usageError('use --principal, --entitlement or --resource');
  }
  if (resource !== undefined && (principal !== undefined || entitlement !== undefined)) {
    throw usageError('--resource cannot be combined with --principal or --entitlement');
  }
  for (const [option, text] of Object.entries({ principal, entitlement, resource })) {
    if (text?.trim() === '') throw usageError(`--${option} is empty`);
  }
  return withSyncs(context, input.store, input.zone, (reader) => ask(context, input, reader));
};

async function ask(
  context: CommandContext,
  input: Input,
  reader: ByteReader,
): Promise<CommandResult> {
  const { progress, signal } = context;
  const [syncId = ''] = await syncIdsOf(reader, input.store, [input.sync], signal);
  await requireSyncs(reader, input.store, [syncId], signal);
  const doing = 'reading expansions';
  progress.update({ doing });
  const access = await openAccess(reader, syncId, {
    signal,
    onProgress: ({ grants, ofGrants }) =>
      progress.update({ doing, done: grants, total: ofGrants, unit: 'grants' }),
  });
  try {
    const counts = (await readCounts(reader, [syncId])).get(syncId);
    const searching = (unit: 'resources' | 'entitlements', total: number | undefined) => ({
      signal,
      onRead: (done: number) => progress.update({ doing: 'searching', done, total, unit }),
    });
    const inResources = searching('resources', counts?.resource);
    const inEntitlements = searching('entitlements', counts?.entitlement);
    const find = (text: string | undefined, what: string) =>
      text === undefined ? undefined : findResource(reader, syncId, text, what, inResources);
    const names = new RecordNames(reader, syncId);
    const { entitlement } = input;
    const asked: Asked = {
      ...{ context, input, syncId, access, names },
      principal: await find(input.principal, 'principal'),
      resource: await find(input.resource, 'resource'),
      entitlementId:
        entitlement && (await findEntitlement(reader, syncId, entitlement, names, inEntitlements)),
    };
    const { principal, entitlementId } = asked;
    return principal !== undefined && entitlementId !== undefined
      ? await explain(asked, principal, entitlementId)
      : await list(asked);
  } finally {
    await access.close();
  }
}

/** Explains why a principal has an entitlement. */
async function explain(
  { context, syncId, access, names }: Asked,
  principal: ResourceName,
  entitlementId: string,
): Promise<CommandResult> {
  const { signal, style } = context;
  const who = await resourceText(names, principal);
  const what = await entitlementText(names, entitlementId);
  const explanation = await access.explain(principal, entitlementId, {
    signal,
    maxPaths: MAX_PATHS,
  });
  if (explanation === undefined) {
    return {
      document: { syncId, access: [], next: null },
      exitCode: EXIT_CODES.failed,
      complaint: `${who} does not have ${what}`,
    };
  }
  const { access: found, paths, hasMore } = explanation;
  const lines = await Promise.all(paths.map((path) => pathText(names, principal, path)));
  const ways = `${formatCountOf(paths.length, 'way')}${hasMore ? ', and there are more' : ''}`;
  return {
    document: { syncId, access: [await describeAccess(names, found, paths)], next: null },
    text:
      `${style.bold(escapeText(who))} has ${style.bold(escapeText(what))}, ${ways}:\n` +
      lines.map((line, at) => `${at + 1}. ${escapeText(line)}\n`).join(''),
  };
}

/** Lists what a principal has, or who has something. */
async function list(asked: Asked): Promise<CommandResult> {
  const { input, syncId, names } = asked;
  const { items, next } = await pageOf(asked);
  const paths: Array<readonly AccessPath[] | undefined> = [];
  for (const item of items) paths.push(input.why ? await shortestPath(asked, item) : undefined);
  const described = await Promise.all(
    items.map((item, at) => describeAccess(names, item, paths[at])),
  );
  const count = formatCount(items.length);
  const isAll = next === undefined && input.after === undefined;
  const more = next === undefined ? '' : `; more follow: --after ${next}`;
  return {
    document: { syncId, access: described, next: next ?? null },
    text: items.length === 0 ? '' : await tableOf(asked, items, paths),
    summary: items.length === 0 ? '' : `${count} ${isAll ? 'in all' : 'shown'}${more}\n`,
    ...(items.length === 0 && {
      exitCode: EXIT_CODES.failed,
      complaint: await nothingText(asked),
    }),
  };
}

function pageOf({
  context,
  input,
  access,
  principal,
  resource,
  entitlementId = '',
}: Asked): Promise<AccessPage> {
  const query = { signal: context.signal, limit: input.limit, cursor: input.after };
  if (principal !== undefined) return access.accessPage(principal, query);
  const target = resource === undefined ? { entitlementId } : { resource };
  return access.holdersPage(target, query);
}

async function shortestPath(
  { context, access }: Asked,
  { principal, entitlementId }: Access,
): Promise<readonly AccessPath[]> {
  const { signal } = context;
  const explanation = await access.explain(principal, entitlementId, { signal, maxPaths: 1 });
  return explanation?.paths ?? [];
}

async function tableOf(
  { context, names, principal, resource }: Asked,
  items: readonly Access[],
  paths: ReadonlyArray<readonly AccessPath[] | undefined>,
): Promise<string> {
  const showsPrincipal = principal === undefined;
  const showsEntitlement = principal !== undefined || resource !== undefined;
  const columns: Column[] = [
    ...(showsPrincipal ? [{ title: 'PRINCIPAL' }, { title: 'NAME' }] : []),
    ...(showsEntitlement ? [{ title: 'ENTITLEMENT' }, { title: 'ID' }] : []),
    { title: 'HOW' },
  ];
  const rows = items.map(async (item, at) => {
    const [path] = paths[at] ?? [];
    const { principal: who, entitlementId } = item;
    return [
      ...(showsPrincipal ? [keyOf(who), await names.displayNameOf(who)] : []),
      ...(showsEntitlement
        ? [await entitlementText(names, entitlementId, item.resource), entitlementId]
        : []),
      path === undefined ? await sourcesText(names, item) : await pathText(names, who, path),
    ].map(escapeText);
  });
  return formatTable(columns, await Promise.all(rows), context.style.bold, context.columns);
}

async function nothingText(asked: Asked): Promise<string> {
  const { entitlementId = '', names, principal, resource } = asked;
  if (principal !== undefined) {
    return `${await resourceText(names, principal)} has nothing${await unknownText(asked, principal)}`;
  }
  if (resource !== undefined) {
    const of = await resourceText(names, resource);
    return `nobody has anything of ${of}${await unknownText(asked, resource)}`;
  }
  return `nobody has ${await entitlementText(names, entitlementId)}`;
}

/** Says that a name may be mistyped. */
async function unknownText({ names }: Asked, resource: ResourceName): Promise<string> {
  if (await names.hasRecordOf(resource)) return '';
  return ': the sync has no record of it; `sstitch scan STORE --bucket resource` shows those that it has';
}
