// The HTTP server of a page. It listens on 127.0.0.1 only, and `checkRequest` sees every request first.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExploreError } from '../errors.js';
import type { PageFile } from '../page-files.js';
import { type AccessToken, cookieHeader } from './access-token.js';
import { type AnsweringStore, answerQuestion, isQuestion, sendJson } from './answer-question.js';
import { checkRequest } from './check-request.js';
import { RESPONSE_HEADERS } from './response-headers.js';

const ADDRESS = '127.0.0.1';
/** An address holds an id or two, so more than Node.js's default of 16 KiB. */
const MAX_HEADER_BYTES = 32_768;

/** The page and the store that a server serves. */
export interface ServedPage {
  readonly store: AnsweringStore;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly token: AccessToken;
}

/** A listening server. */
export class ExplorerServer {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /**
   * Starts to listen.
   *
   * @param port 0 for a free one
   * @throws {@link ExploreError} SSTITCH_LISTEN_FAILED
   */
  static async listen(page: ServedPage, port: number): Promise<ExplorerServer> {
    const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES });
    server.on('request', (request, response) => {
      const { port: own } = server.address() as AddressInfo;
      serve(page, own, request, response);
    });
    await new Promise<void>((resolve, reject) => {
      // It stays: too many open files end the connection that cannot be accepted, not the process.
      server.on('error', reject);
      server.listen(port, ADDRESS, resolve);
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new ExploreError('SSTITCH_LISTEN_FAILED', listenProblem(port, cause), { cause });
    });
    return new ExplorerServer(server);
  }

  /** Closes all connections, which aborts their questions. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

function serve(
  { store, files, token }: ServedPage,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  for (const [name, value] of Object.entries(RESPONSE_HEADERS)) response.setHeader(name, value);
  const checked = checkRequest(request, token, port);
  if (!('url' in checked)) {
    for (const [name, value] of Object.entries(checked.headers ?? {})) {
      response.setHeader(name, value);
    }
    response.statusCode = checked.status;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
    response.end(`${checked.message}\n`);
    return;
  }
  const { url, setsCookie } = checked;
  if (setsCookie) response.setHeader('set-cookie', cookieHeader(port, token.value));
  const file = files.get(url.pathname);
  if (file !== undefined) {
    response.setHeader('content-type', file.type);
    response.setHeader('content-length', file.bytes.byteLength);
    response.end(file.bytes);
  } else if (isQuestion(url)) {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const isHead = request.method === 'HEAD';
    void answerQuestion(store, { url, isHead, signal: gone.signal }, response);
  } else {
    const message = `there is nothing at ${url.pathname}`;
    sendJson(response, 404, { error: { code: 'SSTITCH_NOT_FOUND', message } });
  }
}

function listenProblem(port: number, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return `port ${port} is in use: choose another, or omit it`;
  if (code === 'EACCES') return `port ${port} may not be listened on: choose one above 1023`;
  return `cannot listen on ${ADDRESS}: ${message}`;
}
