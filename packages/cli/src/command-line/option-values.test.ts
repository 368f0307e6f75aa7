import { describe, expect, it } from 'vitest';
import { parseValue } from './option-values.js';

describe('the name of a store', () => {
  it('is a directory, or an address of a known kind', () => {
    const spec = { type: 'path', of: 'store' } as const;
    for (const name of ['here', './a:b', 'C:\\stores', 'c:/stores', 'postgres://db/main/acme']) {
      expect(parseValue(spec, name)).toBe(name);
    }
    // A directory `mysql:` would be made otherwise.
    expect(() => parseValue(spec, 'mysql://app:secret@db/main/acme')).toThrow(
      /^the address of a store begins with postgres:\/\/ or cassandra:\/\/, not mysql:\/\/$/,
    );
  });
});
