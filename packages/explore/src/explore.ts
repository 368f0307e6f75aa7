// Serves a page about one store.
import { ExploreError, throwIfAborted } from './errors.js';
import { loadPageFiles } from './page-files.js';
import { AccessToken } from './server/access-token.js';
import { ExplorerServer } from './server/explorer-server.js';
import { CurrentView } from './view/current-view.js';
import { DirectorySource, type ViewSource } from './view/view-source.js';

const MAX_PORT = 65_535;

/** Options of {@link explore}. */
export interface ExploreOptions {
  /** The port to listen on. @defaultValue a free one */
  readonly port?: number | undefined;
  /** The store's name on the page. @defaultValue the name of its directory */
  readonly name?: string | undefined;
  /** Aborts the opening. It has no effect on an open page. */
  readonly signal?: AbortSignal | undefined;
}

/** A served page. Close it after use. */
export interface Explorer extends AsyncDisposable {
  /** The port on which the page is served. */
  readonly port: number;
  /** The address with its token. Anyone who has it can read the store. */
  readonly url: string;
  /**
   * Creates an address that opens the page once. Use it for a browser's arguments, which every user of the machine
   * can see.
   */
  oneTimeUrl(): string;
  /** Closes all connections and the store, and removes the private copy of it. */
  close(): Promise<void>;
}

/**
 * Serves a page about a store on 127.0.0.1 to anyone who has its token. It reads a private copy of the store, so
 * another process may have the store open and write to it.
 *
 * @param store the directory of the store, or a store that the caller opens, such as one on a cluster
 * @throws {@link ExploreError} SSTITCH_LISTEN_FAILED, SSTITCH_OPTION_INVALID, SSTITCH_ABORTED; EngineError as
 * `openReadOnly`, or the errors of the store that the caller opens
 */
export async function explore(
  store: string | ViewSource,
  options: ExploreOptions = {},
): Promise<Explorer> {
  const { port = 0, name, signal } = options;
  if (!Number.isSafeInteger(port) || port < 0 || port > MAX_PORT) {
    throw new ExploreError('SSTITCH_OPTION_INVALID', `port: must be from 0 to ${MAX_PORT}`);
  }
  throwIfAborted(signal);
  const source = typeof store === 'string' ? new DirectorySource(store) : store;
  const [files, view] = [await loadPageFiles(), await CurrentView.open(source, signal)];
  try {
    const token = new AccessToken();
    const page = { store: { current: view, name }, files, token };
    return explorerOf(await ExplorerServer.listen(page, port), view, token);
  } catch (error) {
    await view.close();
    throw error;
  }
}

function explorerOf(server: ExplorerServer, view: CurrentView, token: AccessToken): Explorer {
  const { port } = server;
  const addressWith = (parameter: string, secret: string) =>
    `http://127.0.0.1:${port}/?${parameter}=${secret}`;
  const close = async () => {
    await server.close();
    await view.close();
  };
  return {
    port,
    url: addressWith('token', token.value),
    oneTimeUrl: () => addressWith('ticket', token.issueTicket()),
    close,
    [Symbol.asyncDispose]: close,
  };
}
