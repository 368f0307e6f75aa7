// A client of pg that closes its socket when it cannot connect. Of a login that fails at this end, as for want of a
// password, the pool would leave the socket open until the server gives up, which keeps the process alive for a minute.
import type { Client } from 'pg';

type Done = ((error: Error) => void) | ((error: null, client: Client) => void);
type EitherDone = (error: Error | null, client: Client) => void;

/** Derives the class from the driver's, which is imported only when it is needed. */
export function closingClient(Base: typeof Client): typeof Client {
  return class extends Base {
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
