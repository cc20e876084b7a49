import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { openBrokerStream } from '../../../src/mqtt/broker-stream';
import type { Target } from '../../../src/tls/target';
import { isCodedError } from '../../../src/model/errors';
import { secretPrivateKeyPem } from '../../../src/pki/private-key';
import { asTrust, makeBrokerCertificates, type BrokerCertificates } from '../../support/broker-certificates';
import { MemoryClock } from '../../support/memory-clock';
import { closeServers, startTlsServer, type Conversation } from '../../support/tls-servers';

describe('openBrokerStream over WebSockets', () => {
  let certificates: BrokerCertificates;
  before(async () => {
    certificates = await makeBrokerCertificates();
  });
  afterEach(closeServers);

  /** Open a stream to a TLS server with this conversation. */
  async function opening(conversation: Conversation, clock: MemoryClock, signal: AbortSignal) {
    const { certificate, privateKey } = certificates.server;
    const identity = { pem: certificate.pem, keyPem: secretPrivateKeyPem(privateKey) };
    const { port } = await startTlsServer({ identity: identity as never, conversation });
    const target: Target = { protocol: 'wss', host: '127.0.0.1', port, path: '/mqtt' };
    const material = async () => ({ trust: asTrust(certificates.root) });
    return openBrokerStream({ target, material, timeoutMs: 5_000, clock }, signal);
  }
  /** Takes the request and says nothing. */
  function silentServer(): { conversation: Conversation; asked: Promise<Socket> } {
    let ask: (socket: Socket) => void = () => undefined;
    const asked = new Promise<Socket>((resolve) => (ask = resolve));
    return { asked, conversation: (socket) => socket.once('data', () => ask(socket)) };
  }

  it('does not wait for ever: MQTT_TIMEOUT, and nothing is left', async () => {
    const clock = new MemoryClock(Date.now());
    const { asked, conversation } = silentServer();
    const failed = opening(conversation, clock, new AbortController().signal).catch((error: unknown) => error);
    const socket = await asked;
    const closed = once(socket, 'close');
    await clock.advance(5_000);
    const error = await failed;
    assert.ok(isCodedError(error));
    assert.equal(error.code, 'MQTT_TIMEOUT');
    assert.match(error.message, /WebSocket within 5000 ms/);
    await closed;
    assert.equal(clock.waiting, 0);
  });

  it('gives up at once when nobody wants it any more', async () => {
    const clock = new MemoryClock(Date.now());
    const { asked, conversation } = silentServer();
    const giveUp = new AbortController();
    const failed = assert.rejects(opening(conversation, clock, giveUp.signal));
    const closed = once(await asked, 'close');
    giveUp.abort();
    await failed;
    await closed;
    assert.equal(clock.waiting, 0);
  });

  it('says what a web server answered', async () => {
    const clock = new MemoryClock(Date.now());
    const answer: Conversation = (socket) => socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
    await assert.rejects(opening(answer, clock, new AbortController().signal), {
      code: 'MQTT_WEBSOCKET',
      message: /HTTP status 404/,
    });
    assert.equal(clock.waiting, 0);
  });
});
