// A proxy before a PostgreSQL server that loses replies, ends connections and is slow.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface PostgresProxy {
  readonly port: number;
  /** Ends one connection after its next statement has reached the server, and before the reply arrives. */
  loseReplies(): void;
  /** Ends one connection instead of passing on a statement with this text. */
  endBefore(text: string): void;
  stop(): Promise<void>;
}

export async function startProxy(target: URL): Promise<PostgresProxy> {
  const sockets = new Set<Socket>();
  let isLosing = false;
  let endingText: string | undefined;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.on('data', (chunk) => {
      if (endingText !== undefined && chunk.includes(endingText)) {
        endingText = undefined;
        client.destroy();
      } else {
        upstream.write(chunk);
      }
    });
    upstream.on('data', (chunk) => {
      if (isLosing) {
        isLosing = false;
        client.destroy();
      } else {
        client.write(chunk);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    loseReplies: () => {
      isLosing = true;
    },
    endBefore: (text) => {
      endingText = text;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
