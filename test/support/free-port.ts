import net from 'node:net';

/**
 * A TCP port that nothing listens on at this moment. For programs that cannot be told "any port"; whoever
 * uses it must cope with another program being quicker.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
