// A client of pg that does not end the process, nor keep it alive:
// - an 'error' event without a listener ends a process. The pool listens while a client is idle, and not while a session
//   is prepared or between two statements of a caller. A connection that ends fails its statements in any case;
// - when a login fails on the client's side, for example without a password, the pool would leave the socket open until
//   the server gives up, a minute later.
import type { Client } from 'pg';

type Done = ((error: Error) => void) | ((error: null, client: Client) => void);
type EitherDone = (error: Error | null, client: Client) => void;

/** Derives the class from the driver's, which is imported only when it is needed. */
export function guardedClient(Base: typeof Client): typeof Client {
  return class extends Base {
    constructor(...options: ConstructorParameters<typeof Client>) {
      super(...options);
      this.on('error', () => undefined);
    }

    override connect(): Promise<Client>;
    override connect(done: Done): void;
    override connect(done?: Done): Promise<Client> | undefined {
      if (done === undefined) return super.connect();
      const finish: EitherDone = (error, client) => {
        if (error !== null && error !== undefined) this.end().catch(() => undefined);
        (done as EitherDone)(error, client);
      };
      super.connect(finish as Done);
      return undefined;
    }
  };
}
