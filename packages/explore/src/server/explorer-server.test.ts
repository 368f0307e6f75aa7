// The server over real HTTP: who may ask what, and what the answers are.
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { get, IncomingMessage, ServerResponse } from 'node:http';
import { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { entitlementId, makeExampleStore, NEW_SYNC } from '../example-store.test-support.js';
import { type Explorer, explore } from '../explore.js';
import { ExplorerClient } from '../explorer-client.test-support.js';
import { CurrentView } from '../view/current-view.js';
import { DirectorySource } from '../view/view-source.js';
import { answerQuestion } from './answer-question.js';

const DATABASE_ADMIN = entitlementId(['app', 'production-db'], 'admin');

let directory: string;
let location: string;
let explorer: Explorer;

beforeAll(async () => {
  ({ directory, location } = await makeExampleStore());
  explorer = await explore(location);
});
afterAll(async () => {
  await explorer.close();
  rmSync(directory, { recursive: true, force: true });
});

const token = () => new ExplorerClient(explorer).token;
const origin = () => new ExplorerClient(explorer).origin;
const bearer = () => new ExplorerClient(explorer).headers;

/** Sends a request that fetch would not send. */
function rawStatus(path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const made = get({ host: '127.0.0.1', port: explorer.port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    made.on('error', reject);
  });
}

describe('without the token', () => {
  test.each(['/', '/main.js', '/main.css', '/api/store', '/api/nothing', '/csv/grants', '/x'])(
    '%s answers 401',
    async (path) => {
      const response = await fetch(origin() + path);
      expect(response.status).toBe(401);
      expect(await response.text()).toBe('open the address that sstitch explore printed\n');
      expect(response.headers.get('set-cookie')).toBeNull();
    },
  );

  test.each(['wrong', '', 'x'.repeat(43)])('a wrong one, %j, answers 401', async (wrong) => {
    expect((await fetch(`${origin()}/?token=${wrong}`)).status).toBe(401);
    expect((await fetch(origin(), { headers: { authorization: `Bearer ${wrong}` } })).status).toBe(
      401,
    );
    const cookie = `sstitch-explore-${explorer.port}=${wrong}`;
    expect((await fetch(origin(), { headers: { cookie } })).status).toBe(401);
  });
});

describe('the token', () => {
  it('in the address opens the page and becomes a cookie that scripts and other sites do not get', async () => {
    const response = await fetch(explorer.url);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<div id="page">');
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toBe(
      `sstitch-explore-${explorer.port}=${token()}; HttpOnly; SameSite=Strict; Path=/`,
    );
    const [pair = ''] = cookie.split(';');
    expect((await fetch(`${origin()}/api/store`, { headers: { cookie: pair } })).status).toBe(200);
  });

  it('has 256 bits, and is another one each time', async () => {
    expect(Buffer.from(token(), 'base64url').length).toBe(32);
    await using other = await explore(location);
    expect(other.url).not.toContain(token());
  });

  it('can be replaced by a ticket for one visit', async () => {
    const once = explorer.oneTimeUrl();
    expect(once).not.toContain(token());
    const first = await fetch(once);
    expect(first.status).toBe(200);
    expect(first.headers.get('set-cookie')).toContain(token());
    expect((await fetch(once)).status).toBe(401);
  });
});

describe('with the token', () => {
  it.each([
    ['evil.example', 403],
    ['127.0.0.1:1', 403],
  ])('the host %j answers %i', async (host, status) => {
    expect(await rawStatus('/api/store', { ...bearer(), host })).toBe(status);
  });

  it('localhost is a name of the host', async () => {
    const host = `localhost:${explorer.port}`;
    expect(await rawStatus('/api/store', { ...bearer(), host })).toBe(200);
  });

  it.each(['cross-site', 'same-site'])(
    'a request from another page (%s) answers 403',
    async (site) => {
      const headers = { ...bearer(), 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' };
      expect(await rawStatus('/api/store', headers)).toBe(403);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s answers 405', async (method) => {
    const response = await fetch(`${origin()}/api/store`, { method, headers: bearer() });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '//evil.example/',
    '/index.html',
    '/main.js/',
  ])('%s is not there', async (path) => {
    expect(await rawStatus(path, bearer())).toBe(404);
  });
});

it.each(['/', '/main.js', '/api/store', '/api/nothing', '/nothing'])(
  'the answer to %s lets nothing in from outside and is not kept',
  async (path) => {
    const { headers } = await fetch(origin() + path, { headers: bearer() });
    const policy = (headers.get('content-security-policy') ?? '').split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        ...["default-src 'none'", "script-src 'self'", "style-src 'self'"],
        ...["img-src 'self' data:", "connect-src 'self'", "frame-ancestors 'none'"],
      ]),
    );
    expect(policy.join()).not.toMatch(/unsafe|http/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  },
);

it('the page refers to nothing outside', async () => {
  for (const path of ['/', '/main.js', '/main.css']) {
    const text = await (await fetch(origin() + path, { headers: bearer() })).text();
    const addresses = [...text.matchAll(/https?:\/\/[\w.-]+/g)].map(([address]) => address);
    // The names of XML's own vocabularies are not addresses.
    expect(addresses.filter((address) => !address.endsWith('www.w3.org'))).toEqual([]);
  }
});

it('ends a list when the client goes away: closing waits for nothing', async () => {
  const view = await CurrentView.open(new DirectorySource(location));
  const query = new URLSearchParams({ sync: NEW_SYNC, entitlement: DATABASE_ADMIN });
  const url = new URL(`/csv/holders?${query}`, origin());
  // A client that never reads: the first part of the answer fills the buffers.
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const gone = new AbortController();
  const asked = { url, isHead: false, signal: gone.signal };
  const answered = answerQuestion({ current: view, name: undefined }, asked, response);
  await expect.poll(() => response.writableNeedDrain).toBe(true);
  gone.abort();
  await answered;
  await view.close();
  expect(response.destroyed).toBe(true);
});

it('keeps answering when connections cannot be accepted', async () => {
  const listen = vi.spyOn(Server.prototype, 'listen');
  const other = await explore(location);
  const [server] = listen.mock.contexts as Server[];
  listen.mockRestore();
  const failure = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
  for (let times = 0; times < 2; times++) server?.emit('error', failure);
  expect((await fetch(other.url)).status).toBe(200);
  await other.close();
});

it('closing leaves nothing in the store, and no port open', async () => {
  const other = await explore(location);
  expect((await fetch(other.url)).status).toBe(200);
  const readers = join(location, 'readers');
  expect(readdirSync(readers).length).toBeGreaterThan(1);
  await other.close();
  expect(readdirSync(readers)).toHaveLength(1);
  await expect(fetch(other.url)).rejects.toThrow();
  expect(existsSync(join(location, 'CURRENT'))).toBe(true);
});

it('keeps answering when its store is removed, and reports why it cannot refresh', async () => {
  const made = await makeExampleStore();
  const other = await explore(made.location);
  const client = new ExplorerClient(other);
  renameSync(made.location, `${made.location}-moved`);
  for (const [question, parameters] of [
    ['api/store', { refresh: '1' }],
    ['api/store', {}],
    ['api/levels', {}],
    ['api/generations', {}],
  ] as const) {
    const response = await client.request(question, parameters);
    expect([question, response.status]).toEqual([question, 410]);
    expect(await response.json()).toEqual({
      error: {
        code: 'SSTITCH_STORE_NOT_FOUND',
        message: `the store is no longer at ${made.location}: it was moved or removed`,
      },
    });
  }
  expect(await client.ask('api/syncs')).toMatchObject({ next: null });
  await other.close();
  rmSync(made.directory, { recursive: true });
});

it('answers HEAD of a list with its headers, and does not read the list', async () => {
  const view = await CurrentView.open(new DirectorySource(location));
  const query = new URLSearchParams({ sync: NEW_SYNC, entitlement: DATABASE_ADMIN });
  const lengthOf = async (isHead: boolean) => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    let length = 0;
    response.write = (text: string) => {
      length += text.length;
      return true;
    };
    const asked = { isHead, url: new URL(`/csv/holders?${query}`, origin()) };
    const { signal } = new AbortController();
    await answerQuestion({ current: view, name: undefined }, { ...asked, signal }, response);
    expect(response.getHeader('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.writableEnded).toBe(true);
    return length;
  };
  expect(await lengthOf(false)).toBeGreaterThan(1000);
  expect(await lengthOf(true)).toBe(0);
  await view.close();
  const address = `${origin()}/csv/syncs`;
  const head = await fetch(address, { method: 'HEAD', headers: bearer() });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

it('a port in use is one clear error', async () => {
  await expect(explore(location, { port: explorer.port })).rejects.toMatchObject({
    code: 'SSTITCH_LISTEN_FAILED',
    message: `port ${explorer.port} is in use: choose another, or omit it`,
  });
  await expect(explore(location, { port: 70_000 })).rejects.toMatchObject({
    code: 'SSTITCH_OPTION_INVALID',
  });
});

it('without a store reports that, and does not listen', async () => {
  await expect(explore(join(directory, 'nothing'))).rejects.toMatchObject({
    cause: { code: 'SSTITCH_STORE_NOT_FOUND' },
  });
});

it('an abort of the opening keeps its reason, and serves nothing', async () => {
  await expect(explore(location, { signal: AbortSignal.abort('enough') })).rejects.toMatchObject({
    ...{ name: 'AbortError', code: 'SSTITCH_ABORTED', cause: 'enough' },
  });
});
