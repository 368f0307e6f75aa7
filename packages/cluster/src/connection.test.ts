import { expect, it } from 'vitest';
import { checkStoreName } from './connection.js';

it.each([undefined, null, 7, '', 'a\0b', '\ud800', 'é'.repeat(513)])(
  '%j is no name of a store',
  (name) => {
    expect(() => checkStoreName(name as string)).toThrow(
      expect.objectContaining({ code: 'SSTITCH_OPTION_INVALID' }),
    );
  },
);

it('text of up to 1,024 bytes is a name of a store', () => {
  for (const name of ['tenant-7', 'Ä/😀', 'é'.repeat(512)]) checkStoreName(name);
});
