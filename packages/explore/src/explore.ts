// A page that serves one store.
import { ExploreError, throwIfAborted } from './errors.js';
import { loadPageFiles } from './page-files.js';
import { AccessToken } from './server/access-token.js';
import { ExplorerServer } from './server/explorer-server.js';
import { CurrentView } from './view/current-view.js';

const MAX_PORT = 65_535;

/** Options of {@link explore}. */
export interface ExploreOptions {
  /** The port to listen on. @defaultValue one that is free */
  readonly port?: number | undefined;
  /** What the page calls the store. @defaultValue the name of its directory */
  readonly name?: string | undefined;
  /** Ends the opening; not what is open. */
  readonly signal?: AbortSignal | undefined;
}

/** A page that is being served. To be closed. */
export class Explorer implements AsyncDisposable {
  readonly port: number;
  /** The address with its token: whoever has it can read the store. */
  readonly url: string;
  readonly #server: ExplorerServer;
  readonly #view: CurrentView;
  readonly #token: AccessToken;

  /** Made by {@link explore}. */
  constructor(server: ExplorerServer, view: CurrentView, token: AccessToken) {
    this.#server = server;
    this.#view = view;
    this.#token = token;
    this.port = server.port;
    this.url = this.#addressWith('token', token.value);
  }

  /**
   * An address that opens the page once. For the arguments of a browser, which every user of the machine can see.
   */
  oneTimeUrl(): string {
    return this.#addressWith('ticket', this.#token.issueTicket());
  }

  /** Ends all connections, closes the store and removes the view's copy of it. */
  async close(): Promise<void> {
    await this.#server.close();
    await this.#view.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #addressWith(parameter: string, secret: string): string {
    return `http://127.0.0.1:${this.port}/?${parameter}=${secret}`;
  }
}

/**
 * Serves a page about a store on 127.0.0.1, to whoever has its token. The store is read only, by a view of its own:
 * another process may have it open and write to it.
 *
 * @param location the directory of the store
 * @throws {@link ExploreError} SSTITCH_LISTEN_FAILED, SSTITCH_OPTION_INVALID, SSTITCH_ABORTED; EngineError as
 * `openReadOnly`
 */
export async function explore(location: string, options: ExploreOptions = {}): Promise<Explorer> {
  const { port = 0, name, signal } = options;
  if (!Number.isSafeInteger(port) || port < 0 || port > MAX_PORT) {
    throw new ExploreError('SSTITCH_OPTION_INVALID', `port: must be from 0 to ${MAX_PORT}`);
  }
  throwIfAborted(signal);
  const [files, view] = [await loadPageFiles(), await CurrentView.open(location, signal)];
  try {
    const token = new AccessToken();
    const page = { store: { current: view, name }, files, token };
    return new Explorer(await ExplorerServer.listen(page, port), view, token);
  } catch (error) {
    await view.close();
    throw error;
  }
}
