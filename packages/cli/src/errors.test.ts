import { ClusterError } from '@sstitch/cluster';
import { EngineError } from '@sstitch/engine';
import { describe, expect, it } from 'vitest';
import { reportOf } from './errors.js';

describe('the report of an error', () => {
  it('names the process that has the store open', () => {
    const cause = new EngineError('LEVEL_LOCKED', 'process 4711 has the store open', {
      path: '/s',
      holder: 4711,
    });
    const error = new Error('Database failed to open', { cause });
    expect(reportOf(error)).toEqual({
      code: 'LEVEL_LOCKED',
      message:
        'process 4711 has the store open (/s); end that process, or wait for it with --wait SECONDS',
      exitCode: 6,
      path: '/s',
      pid: 4711,
    });
  });

  it('says what a command does where a program reopens the store', () => {
    const lost =
      'the lease of this process on store "acme" was lost: it was not renewed for 30000 ms';
    const error = new ClusterError('SSTITCH_LEASE_LOST', `${lost}; reopen the store`);
    expect(reportOf(error)).toMatchObject({
      code: 'SSTITCH_LEASE_LOST',
      message: `${lost}; the database did not answer for so long, or this process was suspended: look at the store before you run the command again`,
      exitCode: 1,
    });
  });

  it('is one line, and marks an error without a code as unexpected', () => {
    expect(reportOf(new TypeError('a\n  b'))).toMatchObject({
      code: 'SSTITCH_INTERNAL',
      message: 'unexpected: a b (SSTITCH_DEBUG=1 shows more)',
      exitCode: 1,
    });
  });
});
