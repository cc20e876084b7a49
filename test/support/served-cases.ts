import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import type { Certificate } from '../../src/pki/certificate';
import type { CompatibilityCase } from './compatibility-cases';
import type { ServedCase } from './judge-program';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

/** Serve every case at a port of its own until `close`, and write its files. */
export async function serveCases(cases: readonly CompatibilityCase[], folder: string) {
  const servers: tls.Server[] = [];
  const served: ServedCase[] = [];
  for (const [index, item] of cases.entries()) {
    // Level 0, or OpenSSL's own server would not show what is weak.
    const server = tls.createServer({
      key: item.key.export({ type: 'pkcs8', format: 'pem' }),
      cert: pemOf([item.leaf, ...item.sent]),
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    server.on('secureConnection', (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(ANSWER));
    });
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    served.push({
      name: item.name,
      port: (server.address() as AddressInfo).port,
      chain: writeCase(folder, `${index}-chain.pem`, pemOf([item.leaf, ...item.sent])),
      anchors: writeCase(folder, `${index}-anchors.pem`, pemOf(item.anchors)),
      peer: item.peer,
    });
  }
  return { served, close: () => servers.forEach((server) => server.close()) };
}

function pemOf(certificates: readonly Certificate[]): string {
  return certificates.map(({ pem }) => pem).join('');
}

function writeCase(folder: string, name: string, pem: string): string {
  const path = join(folder, name);
  writeFileSync(path, pem);
  return path;
}
