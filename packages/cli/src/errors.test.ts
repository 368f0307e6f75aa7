import { ClusterError, type ClusterErrorReason } from '@sstitch/cluster';
import { EngineError } from '@sstitch/engine';
import { describe, expect, it } from 'vitest';
import { CliError, reportOf } from './errors.js';

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

  it('advises only options that the command has', () => {
    const messageOf = (code: string, ...options: string[]) => {
      const error = Object.assign(new Error('no'), { code });
      return reportOf(error, (name) => options.includes(name)).message;
    };
    expect(messageOf('SSTITCH_SYNC_EXISTS', 'replace')).toMatch(
      /; choose another id, or .*--replace/,
    );
    expect(messageOf('SSTITCH_SYNC_EXISTS', 'as')).toBe('no; choose another id');
    expect(messageOf('LEVEL_LOCKED', 'wait')).toContain('--wait SECONDS');
    expect(messageOf('LEVEL_LOCKED')).toBe('no; end that process');
    expect(messageOf('SSTITCH_LINES_INVALID', 'into')).toBe('no; nothing of it was imported');
    expect(messageOf('SSTITCH_LINES_INVALID')).toBe('no');
  });

  it.each([
    [
      'SSTITCH_FILE_OPERATION',
      "EACCES: permission denied, mkdir 'a'",
      /; give this user the permiss/,
    ],
    ['SSTITCH_LEVELDB', 'IO error: a/LOCK: Permission denied', /; give this user the permission/],
    [
      'SSTITCH_FILE_OPERATION',
      'EROFS: read-only file system',
      /; choose a path that can be written/,
    ],
    ['SSTITCH_FILE_OPERATION', 'ENOSPC: no space left on device', /; free some space on the disk/],
  ] as const)('says what to do where the file system refuses: %s, %s', (code, said, advice) => {
    expect(reportOf(new EngineError(code, said, { path: 'a' })).message).toMatch(advice);
  });

  it('says what to do after an error of a cluster, by its code or its reason', () => {
    const lost = 'the lease of this process on store "acme" was lost: it was not renewed';
    expect(reportOf(new ClusterError('SSTITCH_LEASE_LOST', lost))).toMatchObject({
      code: 'SSTITCH_LEASE_LOST',
      message: `${lost}; the database did not answer for so long, or this process was suspended: look at the store before you run the command again`,
      exitCode: 1,
    });
    const missing = ({ reason }: { reason: ClusterErrorReason }) =>
      reportOf(new ClusterError('SSTITCH_CLUSTER_NOT_FOUND', 'not there', { reason })).message;
    expect(missing({ reason: 'database-missing' })).toBe(
      'not there; check the address, or create the database: no command of sstitch does',
    );
    expect(missing({ reason: 'store-missing' })).toMatch(
      /^not there; check the address; import, generate, .* create stores$/,
    );
  });

  it('has the reason of an error of the engine or of a cluster', () => {
    const format = new EngineError('SSTITCH_STORE_FORMAT', 'a file', { reason: 'not-a-directory' });
    expect(reportOf(format).reason).toBe('not-a-directory');
    const refused = new ClusterError('SSTITCH_CLUSTER_REFUSED', 'no', { reason: 'login-wrong' });
    expect(reportOf(refused).reason).toBe('login-wrong');
    expect(reportOf(new EngineError('SSTITCH_STORE_CORRUPT', 'damage')).reason).toBeUndefined();
  });

  it('does not add to a message that says what to do itself', () => {
    const message = 'no such sync: write a whole id';
    const report = (hasAdvice: boolean) =>
      reportOf(new CliError('SSTITCH_SYNC_NOT_FOUND', message, { hasAdvice })).message;
    expect(report(true)).toBe(message);
    expect(report(false)).toBe(`${message}; \`sstitch syncs STORE\` lists the syncs of a store`);
  });

  it('is one line, and marks an error without a code as unexpected', () => {
    expect(reportOf(new TypeError('a\n  b'))).toMatchObject({
      code: 'SSTITCH_INTERNAL',
      message: 'unexpected: a b (SSTITCH_DEBUG=1 shows more)',
      exitCode: 1,
    });
  });
});
