// The statements of the port. Each is one transaction, in isolation READ COMMITTED.
//
// Why an append is linearizable: it takes the lock of the row of its segment's head. One that waits for the lock evaluates
// its condition again on what the winner has committed, and changes nothing. The first slot of a segment inserts the row:
// of several inserts, those that wait for the first find a conflict and do nothing; the head of the segment before it no
// longer changes.
//
// Why a late write of a deleted run stays deleted: a write locks the run's row FOR SHARE and needs it without a mark. A
// deletion sets the mark first, by which it waits for the writes in progress; those that come later find the mark. The
// deletes that follow see every row there is.

/** A prepared statement. */
export interface Statement {
  /** The name that it is prepared under on each connection. */
  readonly name: string;
  readonly text: string;
}

export type Statements = ReturnType<typeof statementsOf>;

/** Announcements older than this are not read. The announcer has long had an answer, or died. */
const ANNOUNCEMENT_LIFE = `interval '10 minutes'`;
/** How long the mark of a deleted run is kept: longer than any statement can be on its way. */
const MARK_LIFE = `interval '7 days'`;

/** The run's row, locked, if the run is not deleted. Materialized, so that the lock is taken once and first. */
function liveRun(schema: string): string {
  return `live AS MATERIALIZED (
    SELECT run FROM ${schema}.runs WHERE run = $1::uuid AND deleted_at IS NULL FOR SHARE
  )`;
}

/** @param schema the schema's name, quoted */
export function statementsOf(schema: string) {
  const texts = {
    readHead: `SELECT head FROM ${schema}.heads WHERE store = $1 AND segment = $2`,
    readSlots: `SELECT slot, record FROM ${schema}.log
      WHERE store = $1 AND slot BETWEEN $2 AND $3 ORDER BY slot`,
    appendSlot: `WITH advanced AS (
        UPDATE ${schema}.heads SET head = $3
        WHERE store = $1 AND segment = $2 AND head = $3::bigint - 1 RETURNING head
      )
      INSERT INTO ${schema}.log (store, slot, record) SELECT $1, head, $4::bytea FROM advanced`,
    appendFirstSlot: `WITH advanced AS (
        INSERT INTO ${schema}.heads (store, segment, head)
        SELECT $1, $2::bigint, $3::bigint WHERE $2::bigint = 0 OR EXISTS (
          SELECT 1 FROM ${schema}.heads
          WHERE store = $1 AND segment = $2::bigint - 1 AND head = $3::bigint - 1
        )
        ON CONFLICT DO NOTHING RETURNING head
      )
      INSERT INTO ${schema}.log (store, slot, record) SELECT $1, head, $4::bytea FROM advanced`,
    deleteSlots: `DELETE FROM ${schema}.log WHERE store = $1 AND slot BETWEEN $2 AND $3`,

    writeAnnouncement: `INSERT INTO ${schema}.announcements (store, owner, edits)
      VALUES ($1, $2, $3)
      ON CONFLICT (store, owner) DO UPDATE SET edits = excluded.edits, written_at = now()`,
    deleteAnnouncement: `DELETE FROM ${schema}.announcements WHERE store = $1
      AND (owner = $2 OR written_at < now() - ${ANNOUNCEMENT_LIFE})`,
    readAnnouncements: `SELECT owner, edits FROM ${schema}.announcements
      WHERE store = $1 AND written_at >= now() - ${ANNOUNCEMENT_LIFE}`,

    // A statement of its own: a write does not see a row that was committed after it began.
    beginRun: `INSERT INTO ${schema}.runs (run) VALUES ($1) ON CONFLICT DO NOTHING`,
    writeChunk: `WITH ${liveRun(schema)}
      INSERT INTO ${schema}.blocks (run, chunk, block, data)
      SELECT live.run, $2::integer, place - 1, data
      FROM live, unnest($3::bytea[]) WITH ORDINALITY AS list (data, place)
      ON CONFLICT DO NOTHING`,
    writeRunIndex: `WITH ${liveRun(schema)}
      INSERT INTO ${schema}.run_index (run, part, data)
      SELECT live.run, place - 1, data
      FROM live, unnest($2::bytea[]) WITH ORDINALITY AS list (data, place)
      ON CONFLICT DO NOTHING`,
    readBlock: `SELECT data FROM ${schema}.blocks WHERE run = $1 AND chunk = $2 AND block = $3`,
    readChunk: `SELECT data FROM ${schema}.blocks WHERE run = $1 AND chunk = $2 ORDER BY block`,
    readRunIndex: `SELECT data FROM ${schema}.run_index WHERE run = $1 ORDER BY part`,
    markRunDeleted: `INSERT INTO ${schema}.runs (run, deleted_at) VALUES ($1, now())
      ON CONFLICT (run) DO UPDATE SET deleted_at = now()`,
    deleteChunks: `DELETE FROM ${schema}.blocks
      WHERE run = $1 AND chunk >= $2 AND ($3::integer IS NULL OR chunk < $3)`,
    deleteRunIndex: `DELETE FROM ${schema}.run_index WHERE run = $1`,
    forgetMarks: `DELETE FROM ${schema}.runs WHERE deleted_at < now() - ${MARK_LIFE}`,

    // A late copy of a statement must not undo a newer one.
    writeLoad: `INSERT INTO ${schema}.loads AS load (store, run, owner, chunks)
      VALUES ($1, $2, $3, $4)
      ON CONFLICT (store, run) DO UPDATE SET chunks = greatest(load.chunks, excluded.chunks)`,
    deleteLoad: `DELETE FROM ${schema}.loads WHERE store = $1 AND run = $2`,
    readLoads: `SELECT run, owner, chunks FROM ${schema}.loads WHERE store = $1`,
    writeLease: `INSERT INTO ${schema}.leases AS lease (store, owner, slot, beat, duration_ms)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (store, owner) DO UPDATE
      SET slot = excluded.slot, beat = excluded.beat, duration_ms = excluded.duration_ms
      WHERE excluded.beat >= lease.beat`,
    deleteLease: `DELETE FROM ${schema}.leases WHERE store = $1 AND owner = $2`,
    readLeases: `SELECT owner, slot, beat, duration_ms FROM ${schema}.leases WHERE store = $1`,

    writeCheckpoint: `WITH checkpoint AS (
        INSERT INTO ${schema}.checkpoints (store, slot) VALUES ($1, $2)
        ON CONFLICT DO NOTHING RETURNING store, slot
      )
      INSERT INTO ${schema}.checkpoint_parts (store, slot, part, data)
      SELECT store, slot, place - 1, data
      FROM checkpoint, unnest($3::bytea[]) WITH ORDINALITY AS list (data, place)`,
    readCheckpoint: `SELECT slot, data FROM ${schema}.checkpoint_parts
      WHERE store = $1 AND slot = (SELECT max(slot) FROM ${schema}.checkpoints WHERE store = $1)
      ORDER BY part`,
    readCheckpointSlot: `SELECT max(slot) AS slot FROM ${schema}.checkpoints WHERE store = $1`,
    deleteCheckpoints: `DELETE FROM ${schema}.checkpoints WHERE store = $1 AND slot < $2`,

    // The row of a store's first segment is there from its first commit on.
    readStores: `SELECT store FROM ${schema}.heads WHERE segment = 0 ORDER BY store`,
  } as const;
  const entries = Object.entries(texts).map(([name, text]) => [
    name,
    { name: `sstitch_${name}`, text },
  ]);
  return Object.fromEntries(entries) as Record<keyof typeof texts, Statement>;
}
