// The interfaces that strategies need of a base and a source. They are recognised by methods, not by class: a base may
// be another engine, and a source a read-only store or any other database.
import type {
  Engine,
  EngineSnapshot,
  ReadableEngine,
  ReadWriteEngine,
  Span,
  TableSource,
  TableTarget,
} from '@sstitch/contract';

/**
 * A base: a Store, any Engine, or a plain abstract-level database, which only the strategy `batch` can change.
 */
export type CompactBase = ReadWriteEngine & Partial<Pick<Engine, 'replaceSpans' | 'capabilities'>>;

/** A source: a Store, a read-only store, or any abstract-level database. */
export type CompactSource = ReadableEngine & Partial<Pick<Engine, 'capabilities'>>;

export type { TableSource };
export type TableBase = TableTarget;

/** An engine that can check the stored blocks of spans. */
export interface VerifiableEngine {
  verifySpans(
    spans: readonly Span[],
    options?: { readonly snapshot?: EngineSnapshot; readonly signal?: AbortSignal | undefined },
  ): Promise<void>;
}
export type ReplacingBase = Pick<Engine, 'replaceSpans'>;

export function asTableBase(base: CompactBase): TableBase | undefined {
  return base.capabilities?.tables === true && hasMethods(base, ['ingestFrom'])
    ? (base as unknown as TableBase)
    : undefined;
}

export function asTableSource(source: CompactSource): TableSource | undefined {
  return source.capabilities?.tables === true && hasMethods(source, ['extract'])
    ? (source as unknown as TableSource)
    : undefined;
}

export function asReplacingBase(base: CompactBase): ReplacingBase | undefined {
  return hasMethods(base, ['replaceSpans']) ? (base as ReplacingBase) : undefined;
}

export function asVerifiable(engine: ReadableEngine): VerifiableEngine | undefined {
  return hasMethods(engine, ['verifySpans']) ? (engine as unknown as VerifiableEngine) : undefined;
}

export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
