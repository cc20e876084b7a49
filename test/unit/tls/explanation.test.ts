import assert from 'node:assert/strict';
import { once } from 'node:events';
import { explainFailure, reportError } from '../../../src/tls/explanation';
import { probe } from '../../../src/tls/probe';
import { connectSecurely } from '../../../src/tls/secure-connection';
import { parseTarget } from '../../../src/tls/target';
import {
  handmadeClient,
  handmadeIntermediate,
  handmadeRoot,
  handmadeServer,
  identityOf,
  trusting,
} from '../../support/certificates-fixture';
import {
  closeServers,
  mqttConversation,
  startTcpServer,
  startTlsServer,
  type TestServer,
} from '../../support/tls-servers';

const root = handmadeRoot();
const server = handmadeServer(root);

async function explained(endpoint: TestServer, material = trusting(root)): Promise<string> {
  const target = parseTarget(`127.0.0.1:${endpoint.port}`);
  const error = await connectSecurely({ ...target, material }).then(
    () => assert.fail('expected a refusal'),
    (reason: unknown) => reason,
  );
  const cause = await explainFailure(error, target, { material });
  assert.notEqual(cause.hint, '');
  assert.doesNotMatch(JSON.stringify(cause.cause), /PRIVATE/);
  return cause.code;
}

describe('explanation of a failed connection', () => {
  afterEach(closeServers);

  it('finds what only the wire shows', async () => {
    assert.equal(await explained(await startTcpServer(mqttConversation())), 'TLS_PLAIN_MQTT');
    const below = handmadeServer(handmadeIntermediate(root));
    assert.equal(await explained(await startTlsServer({ identity: below })), 'CERT_CHAIN_INCOMPLETE');
    assert.equal(
      await explained(await startTlsServer({ identity: server }), trusting(handmadeRoot())),
      'CERT_ISSUER_REPLACED',
    );
    assert.equal(await explained(await startTcpServer((socket) => socket.end('SSH-2.0-x\r\n'))), 'TLS_NOT_TLS');
  });

  it('finds why TLS 1.3 hung up after the handshake', async () => {
    const endpoint = await startTlsServer({ identity: server, requestCert: true, ca: root.pem });
    const foreign = handmadeClient(handmadeRoot({ commonName: 'Other' }));
    const material = { ...trusting(root), identity: identityOf(foreign) };
    const target = parseTarget(`127.0.0.1:${endpoint.port}`);
    const socket = await connectSecurely({ ...target, material });
    await once(socket.resume(), 'close');
    const cause = await explainFailure(new Error('closed'), target, { material });
    assert.equal(cause.code, 'TLS_CLIENT_CERT_REFUSED');
  });

  it('keeps the first reason when the server is well by now', async () => {
    const endpoint = await startTlsServer({ identity: server });
    const target = parseTarget(`127.0.0.1:${endpoint.port}`);
    const cause = await explainFailure(new Error('read ECONNRESET'), target, { material: trusting(root) });
    assert.equal(cause.code, 'NET_CLOSED');
    assert.match(cause.message, /read ECONNRESET/);
  });

  it('gives no error for a report without a finding', async () => {
    const endpoint = await startTlsServer({ identity: server });
    const report = await probe(`tls://127.0.0.1:${endpoint.port}`, { material: trusting(root) });
    assert.equal(reportError(report), undefined);
    const refused = await probe(`tls://127.0.0.1:${endpoint.port}`, { material: trusting(handmadeRoot()) });
    assert.equal(reportError(refused)?.code, 'CERT_ISSUER_REPLACED');
  });
});
