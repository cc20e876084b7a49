import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { systemClock } from '../../../src/model/clock';
import { secretPrivateKeyPem } from '../../../src/pki/private-key';
import { createRevocationList } from '../../../src/pki/revocation-list';
import { libraryConnectOptions } from '../../../src/tls/library-options';
import { pinsOf } from '../../../src/tls/pin';
import type { TlsMaterialParts } from '../../../src/tls/tls-material';
import { asTrust, makeBrokerCertificates, type BrokerCertificates } from '../../support/broker-certificates';
import { inDays } from '../../support/certificates';
import { refuses } from '../../support/coded-error';

describe('TLS options for a library that connects by itself', () => {
  let certificates: BrokerCertificates;
  let server: Server;
  let accepted: TLSSocket[];

  before(async () => {
    certificates = await makeBrokerCertificates();
    const { certificate, privateKey } = certificates.server;
    server = createServer({ cert: certificate.pem, key: secretPrivateKeyPem(privateKey) }, (socket) => {
      accepted.push(socket);
      socket.on('error', () => undefined).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => (accepted = []));
  after(() => server.close());

  /** What a bare `tls.connect` makes of the options: undefined when it lets the server in, else its error. */
  async function outcome(parts: Partial<TlsMaterialParts>, host = 'localhost'): Promise<{ code?: string } | undefined> {
    const { port } = server.address() as AddressInfo;
    const options = libraryConnectOptions({ trust: asTrust(certificates.root), ...parts }, host, systemClock);
    const socket = connect({ ...options, host: '127.0.0.1', port });
    try {
      return await new Promise((resolve) => {
        socket.once('secureConnect', () => resolve(undefined));
        socket.once('error', resolve);
      });
    } finally {
      socket.destroy();
    }
  }

  async function listOf(...serialNumbers: string[]): Promise<string> {
    const revoked = serialNumbers.map((serialNumber) => ({
      serialNumber,
      revokedAt: inDays(-1),
      reason: 'superseded' as const,
    }));
    const { certificate, privateKey } = certificates.root;
    const issuer = { certificate, privateKey };
    const times = { thisUpdate: inDays(-1), nextUpdate: inDays(1) };
    return (await createRevocationList({ issuer, number: 1, ...times, revoked })).pem;
  }

  it('verify the server by the name that was asked for, not by the address', async () => {
    assert.equal(await outcome({}), undefined);
    assert.equal((await outcome({}, 'elsewhere.test'))?.code, 'CERT_NAME_MISMATCH');
    assert.equal(await outcome({ servername: 'localhost' }, 'elsewhere.test'), undefined);
    assert.equal(await outcome({ verifyHostname: false }, 'elsewhere.test'), undefined);
  });

  it('enforce pins', async () => {
    const { cert } = pinsOf(certificates.server.certificate.der);
    const { cert: other } = pinsOf(certificates.root.certificate.der);
    assert.equal(await outcome({ pins: [cert] }), undefined);
    assert.equal((await outcome({ pins: [other] }))?.code, 'CERT_PIN_MISMATCH');
  });

  it('refuse a revoked server', async () => {
    const crlPem = [await listOf(certificates.server.certificate.serialNumber)];
    assert.equal((await outcome({ crlPem, crlScope: 'listed-cas' }))?.code, 'CERT_REVOKED');
    const none = [await listOf()];
    assert.equal(await outcome({ crlPem: none, crlScope: 'listed-cas' }), undefined);
  });

  it('refuse what cannot be judged instead of ending the process', async () => {
    const crlPem = ['-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n'];
    assert.notEqual(await outcome({ crlPem, crlScope: 'listed-cas' }), undefined);
  });

  it('say outright that a server is not verified, and take no pin then', async () => {
    assert.equal(await outcome({ trust: { kind: 'system' }, verifyServer: false }), undefined);
    const { cert } = pinsOf(certificates.server.certificate.der);
    const parts: TlsMaterialParts = { trust: { kind: 'system' }, verifyServer: false, pins: [cert] };
    refuses(() => libraryConnectOptions(parts, 'localhost', systemClock), 'INPUT_PIN', /core nodes/);
  });

  it('hold no key', () => {
    const options = libraryConnectOptions({ trust: asTrust(certificates.root) }, 'localhost', systemClock);
    assert.deepEqual(Object.keys(options).sort(), [
      ...['checkServerIdentity', 'rejectUnauthorized', 'secureContext', 'servername'],
    ]);
  });
});
