// Writes the grants of syncs as a sheet, with the names of the records that they refer to.
import { toJson } from '@bufbuild/protobuf';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import type { GrantRecord, RecordBatch, SyncSink } from '@sstitch/records';
import { LinesError, messageOf } from '../errors.js';
import { type LinesTarget, Output, type OutputOptions } from '../streams/write-output.js';
import { cellOf, listText } from './cells.js';
import { COLUMNS, type GrantRow } from './columns.js';
import { type GrantNames, NameCache, type NameLookup } from './name-cache.js';

/** Options of `createGrantsCsv`. */
export interface GrantsCsvOptions extends OutputOptions {
  /**
   * Where to look up names: a `SyncReader` of the store from which the grants come.
   * @defaultValue none: the columns of names are empty
   */
  readonly names?: NameLookup | undefined;
  /**
   * Whether the file begins with a byte order mark, by which Excel recognises UTF-8.
   * @defaultValue false
   */
  readonly byteOrderMark?: boolean | undefined;
}

/** The totals of a written sheet. */
export interface WrittenGrants {
  /** How many syncs have a grant in the file. */
  readonly syncs: number;
  /** The number of grants. */
  readonly grants: number;
}

/** Writes a sheet of grants. The file has its name only after `finish` has fulfilled. */
export interface GrantsCsvWriter extends SyncSink<WrittenGrants> {
  /**
   * Writes the grants among the records, in their order, and ignores other records.
   * @throws LinesError SSTITCH_LINES_NOT_REPRESENTABLE, SSTITCH_FILE_OPERATION, SSTITCH_LINES_CLOSED,
   * SSTITCH_ABORTED; the errors of looking up names
   */
  add(batch: RecordBatch): Promise<void>;
  /**
   * Writes the sheet to stable storage under its name, replacing an existing file; ends a stream's text.
   *
   * @throws LinesError as in `add`
   */
  finish(): Promise<WrittenGrants>;
}

const BYTE_ORDER_MARK = '\ufeff';
/** The line end of RFC 4180. */
const LINE_END = '\r\n';

/**
 * Starts a sheet of grants; docs/formats/grants-csv.md lists the columns.
 * @param target a path, whose file is replaced at the end, or a stream, which is left open
 * @throws LinesError SSTITCH_OPTION_INVALID, SSTITCH_FILE_OPERATION, SSTITCH_ABORTED
 */
export function createGrantsCsv(
  target: LinesTarget,
  options: GrantsCsvOptions = {},
): GrantsCsvWriter {
  return new OpenGrantsCsv(new Output(target, options), options);
}

class OpenGrantsCsv implements GrantsCsvWriter {
  readonly #output: Output;
  readonly #names: NameCache;
  readonly #head: string;
  readonly #syncIds = new Set<string>();
  #grants = 0;
  #isBegun = false;

  constructor(output: Output, { names, byteOrderMark = false }: GrantsCsvOptions) {
    this.#output = output;
    this.#names = new NameCache(names);
    const header = COLUMNS.map(({ name }) => name).join(',');
    this.#head = `${byteOrderMark ? BYTE_ORDER_MARK : ''}${header}${LINE_END}`;
  }

  async add(batch: RecordBatch): Promise<void> {
    const grants = this.#grantsOf(batch);
    if (grants.length === 0) return;
    const { syncId } = batch;
    const names = await Promise.all(grants.map((grant) => this.#names.namesOf(syncId, grant)));
    const rows = grants.map((grant, at) => rowOf(syncId, grant, names[at]));
    this.#syncIds.add(syncId);
    this.#grants += grants.length;
    await this.#write(rows.map(lineOf).join(''));
  }

  async finish(): Promise<WrittenGrants> {
    await this.#write('');
    await this.#output.finish();
    return { syncs: this.#syncIds.size, grants: this.#grants };
  }

  close(): Promise<void> {
    return this.#output.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #grantsOf(batch: RecordBatch): readonly GrantRecord[] {
    if (batch.bucket !== 'grant') return [];
    try {
      return batch.records as readonly GrantRecord[];
    } catch (cause) {
      throw new LinesError('SSTITCH_LINES_NOT_REPRESENTABLE', messageOf(cause), {
        path: this.#output.path,
        cause,
      });
    }
  }

  async #write(rows: string): Promise<void> {
    const text = this.#isBegun ? rows : this.#head + rows;
    this.#isBegun = true;
    if (text !== '') await this.#output.write(Buffer.from(text));
  }
}

function rowOf(syncId: string, grant: GrantRecord, names: GrantNames | undefined): GrantRow {
  const { entitlement, principal, discoveredAt, sources } = grant;
  const ids = Object.keys(sources).sort();
  const isDirect = (id: string) => sources[id]?.isDirect === true;
  return {
    sync_id: syncId,
    principal_type_id: principal?.resourceTypeId ?? '',
    principal_type_name: names?.principalType ?? '',
    principal_id: principal?.resourceId ?? '',
    principal_name: names?.principal ?? '',
    entitlement_id: entitlement?.entitlementId ?? '',
    entitlement_name: names?.entitlement ?? '',
    resource_type_id: entitlement?.resourceTypeId ?? '',
    resource_type_name: names?.resourceType ?? '',
    resource_id: entitlement?.resourceId ?? '',
    resource_name: names?.resource ?? '',
    grant_id: grant.externalId,
    discovered_at: discoveredAt === undefined ? '' : timeText(discoveredAt),
    direct_sources: listText(ids.filter(isDirect)),
    inherited_sources: listText(ids.filter((id) => !isDirect(id))),
  };
}

function lineOf(row: GrantRow): string {
  return COLUMNS.map(({ name }) => cellOf(row[name])).join(',') + LINE_END;
}

/** Formats a time as in RFC 3339; '' for a time that it cannot express. */
function timeText(time: Timestamp): string {
  try {
    return toJson(TimestampSchema, time);
  } catch {
    return '';
  }
}
