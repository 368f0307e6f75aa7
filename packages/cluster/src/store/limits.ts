// The limits of keys and values; a value's follows from MAX_BLOCK_BYTES.

/**
 * The longest key. A run's reference in the log has two keys and a span two more; all fit in a record with room to
 * spare.
 */
export const MAX_KEY_BYTES = 8 * 1024;
