import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testDirectory } from '../../test/in-process.js';
import { clusterCredentials, tlsOptions } from './cluster-credentials.js';

describe('credentials', () => {
  it('come from the environment; the user of the address comes first', async () => {
    const environment = { SSTITCH_CLUSTER_USER: 'ann', SSTITCH_CLUSTER_PASSWORD: 'secret' };
    expect(await clusterCredentials(undefined, environment)).toEqual({
      user: 'ann',
      password: 'secret',
    });
    expect(await clusterCredentials('ben', environment)).toMatchObject({ user: 'ben' });
    expect(await clusterCredentials(undefined, {})).toEqual({
      user: undefined,
      password: undefined,
    });
  });

  it('take the password from the first line of a file', async () => {
    const file = join(testDirectory(), 'password');
    writeFileSync(file, 'pass word\r\nnot this\n');
    expect(await clusterCredentials('ann', { SSTITCH_CLUSTER_PASSWORD_FILE: file })).toEqual({
      user: 'ann',
      password: 'pass word',
    });
  });

  it('take a variable that is empty as unset', async () => {
    const environment = {
      SSTITCH_CLUSTER_USER: '',
      SSTITCH_CLUSTER_PASSWORD: 'secret',
      SSTITCH_CLUSTER_PASSWORD_FILE: '',
    };
    expect(await clusterCredentials(undefined, environment)).toEqual({
      user: undefined,
      password: 'secret',
    });
    expect(
      await clusterCredentials('ann', { ...environment, SSTITCH_CLUSTER_PASSWORD: '' }),
    ).toEqual({ user: 'ann', password: undefined });
  });

  it.each(['', '\n', '\r\nsecret\n'])(
    'refuse a file whose first line is empty: %j',
    async (text) => {
      const file = join(testDirectory(), 'password');
      writeFileSync(file, text);
      await expect(
        clusterCredentials('ann', { SSTITCH_CLUSTER_PASSWORD_FILE: file }),
      ).rejects.toMatchObject({
        code: 'SSTITCH_INPUT_UNFIT',
        message: `SSTITCH_CLUSTER_PASSWORD_FILE: the file is empty, or its first line: ${file}`,
      });
    },
  );

  it('refuse two passwords, and a file that does not exist', async () => {
    const file = join(testDirectory(), 'missing');
    await expect(
      clusterCredentials('ann', {
        SSTITCH_CLUSTER_PASSWORD: 'secret',
        SSTITCH_CLUSTER_PASSWORD_FILE: file,
      }),
    ).rejects.toThrow(/not both/);
    await expect(
      clusterCredentials('ann', { SSTITCH_CLUSTER_PASSWORD_FILE: file }),
    ).rejects.toThrow(`SSTITCH_CLUSTER_PASSWORD_FILE: the file does not exist: ${file}`);
  });
});

describe('TLS', () => {
  const none = { ca: undefined, cert: undefined, key: undefined };

  it('checks the certificate, unless the address says not to', async () => {
    expect(await tlsOptions(undefined)).toBeUndefined();
    expect(await tlsOptions({ mode: 'off', ...none })).toBeUndefined();
    expect(await tlsOptions({ mode: 'require', ...none })).toEqual({ rejectUnauthorized: true });
    expect(await tlsOptions({ mode: 'no-verify', ...none })).toEqual({
      rejectUnauthorized: false,
    });
  });

  it('reads the files that the address names', async () => {
    const directory = testDirectory();
    for (const name of ['ca', 'cert', 'key']) writeFileSync(join(directory, name), `PEM ${name}`);
    const path = (name: string) => join(directory, name);
    const named = { ca: path('ca'), cert: path('cert'), key: path('key') };
    expect(await tlsOptions({ mode: 'require', ...named })).toEqual({
      rejectUnauthorized: true,
      ...{ ca: 'PEM ca', cert: 'PEM cert', key: 'PEM key' },
    });
    await expect(tlsOptions({ mode: 'require', ...none, ca: path('x') })).rejects.toThrow(
      /ca in the address: the file does not exist/,
    );
  });
});
