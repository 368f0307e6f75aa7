// The columns of a sheet of grants, one grant per row; docs/formats/grants-csv.md describes them.

/** A column of a sheet. */
interface Column {
  readonly name: string;
  /** Whether an input file must have the column, with no empty cell. */
  readonly isRequired: boolean;
}

const COLUMN_LIST = [
  { name: 'sync_id', isRequired: false },
  { name: 'principal_type_id', isRequired: true },
  { name: 'principal_type_name', isRequired: false },
  { name: 'principal_id', isRequired: true },
  { name: 'principal_name', isRequired: false },
  { name: 'entitlement_id', isRequired: true },
  { name: 'entitlement_name', isRequired: false },
  { name: 'resource_type_id', isRequired: true },
  { name: 'resource_type_name', isRequired: false },
  { name: 'resource_id', isRequired: true },
  { name: 'resource_name', isRequired: false },
  { name: 'grant_id', isRequired: false },
  { name: 'discovered_at', isRequired: false },
  { name: 'direct_sources', isRequired: false },
  { name: 'inherited_sources', isRequired: false },
] as const satisfies readonly Column[];

/** The name of a column. */
export type ColumnName = (typeof COLUMN_LIST)[number]['name'];

/** The texts of a row by column. */
export type GrantRow = Readonly<Record<ColumnName, string>>;

/** All columns, in the order in which they are written. */
export const COLUMNS: readonly (Column & { readonly name: ColumnName })[] = COLUMN_LIST;

/** A row of empty cells. */
export const EMPTY_ROW = Object.fromEntries(COLUMNS.map(({ name }) => [name, ''])) as GrantRow;
