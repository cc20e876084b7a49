/** What is probed: a TLS server in a process of its own, so that its share is in no figure. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import tls from 'node:tls';
import {
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  type HandmadeCertificate,
} from '../../test/support/certificates-fixture';

export interface ProbeEndpoint {
  port: number;
  root: HandmadeCertificate;
  /** Leaf first. */
  sent: HandmadeCertificate[];
  stop: () => void;
}

/** The child is this file once more. */
export async function startEndpoint(): Promise<ProbeEndpoint> {
  const root = handmadeRoot();
  const intermediate = handmadeIntermediate(root);
  const sent = [handmadeServer(intermediate), intermediate];
  const child = fork(__filename, { execArgv: ['--require', 'tsx/cjs'] });
  child.send({ key: sent[0]?.keyPem, cert: sent.map(({ pem }) => pem).join('') });
  const [port] = (await once(child, 'message')) as [number];
  return { port, root, sent, stop: () => child.kill() };
}

if (require.main === module) {
  process.once('message', (identity: { key: string; cert: string }) => {
    const server = tls.createServer(identity, (socket) => socket.on('error', () => undefined).resume());
    server.on('tlsClientError', () => undefined);
    // A thousand at once must not wait for the kernel to forget them.
    server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 }, () =>
      process.send?.((server.address() as { port: number }).port),
    );
  });
}
