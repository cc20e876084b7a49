import { createServer } from 'node:net';

/** Whether something could listen on this port of the loopback address now. */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * The first free port from `wanted` upwards.
 *
 * @param {number} wanted 1 to 65535
 * @param {number[]} avoid ports that somebody else is going to use
 */
export async function freePort(wanted, avoid = []) {
  for (let port = wanted; port <= 65535; port += 1) {
    if (!avoid.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port from ${wanted} to 65535`);
}
