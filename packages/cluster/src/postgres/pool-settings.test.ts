import { expect, it } from 'vitest';
import type { PostgresOptions } from './options.js';
import { settingsOf } from './pool-settings.js';

it('an address in place of the options is refused, and not ignored in favour of the default database', () => {
  const address = 'postgres://ann:secret@db.example/stores' as PostgresOptions;
  const refusal = expect.objectContaining({
    code: 'SSTITCH_OPTION_INVALID',
    message: expect.not.stringContaining('secret'),
  });
  expect(() => settingsOf(address)).toThrow(refusal);
  expect(() => settingsOf(null as unknown as PostgresOptions)).toThrow(refusal);
});
