import { randomInt } from 'node:crypto';
import net from 'node:net';

/**
 * Below what systems give to outgoing connections and to "any port" (Linux from 32768, others from 49152): between the answer
 * and its use no connection of another test can take the port.
 */
const FIRST = 20_000;
const LAST = 32_000;
const MOST_ATTEMPTS = 200;

/**
 * A TCP port that nothing listens on at this moment. For programs that cannot be told "any port"; whoever
 * uses it must cope with another program being quicker.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(FIRST, LAST);
    try {
      await listenOnce(port, host);
      return port;
    } catch (error) {
      if (attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

async function listenOnce(port: number, host: string): Promise<void> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
