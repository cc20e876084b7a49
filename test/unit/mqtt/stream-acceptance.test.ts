import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { systemClock } from '../../../src/model/clock';
import { accepted } from '../../../src/mqtt/stream-acceptance';
import { secretPrivateKeyPem } from '../../../src/pki/private-key';
import { makeLeaf, makeRoot } from '../../support/certificates';

describe('accepted', () => {
  const open: { close(): unknown }[] = [];
  afterEach(() => open.splice(0).forEach((one) => one.close()));

  it('lets what is written at once leave: the session ticket comes while Node is still reading', async () => {
    const root = await makeRoot();
    const leaf = await makeLeaf(root, { profile: 'server', commonName: 'localhost', names: ['dns:localhost'] });
    const server = tls.createServer({ cert: leaf.certificate.pem, key: secretPrivateKeyPem(leaf.privateKey) });
    open.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const connecting = once(server, 'secureConnection') as Promise<[TLSSocket]>;
    const client = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', ca: root.certificate.pem });
    open.push({ close: () => client.destroy() });
    await once(client, 'secureConnect');
    await accepted(client, systemClock, new AbortController().signal);
    client.write('CONNECT');
    const [socket] = await connecting;
    const [received] = (await once(socket, 'data')) as [Buffer];
    assert.equal(String(received), 'CONNECT');
  });
});
