import assert from 'node:assert/strict';
import net from 'node:net';
import tls from 'node:tls';
import { once } from 'node:events';
import { readServerFlight, type TrafficSecrets } from '../../../src/tls/server-flight';
import { WireTap } from '../../../src/tls/wire-tap';
import { handmadeIntermediate, handmadeRoot, handmadeServer } from '../../support/certificates-fixture';
import { mutated, SeededRandom } from '../../support/seeded-random';
import { closeServers, startTlsServer } from '../../support/tls-servers';

const root = handmadeRoot();
const intermediate = handmadeIntermediate(root);
const server = handmadeServer(intermediate);

/** What a server sent in one handshake, with the secrets that open it. */
interface Recording {
  bytes: Buffer;
  secrets: TrafficSecrets;
}

class RecordingTap extends WireTap {
  // Set before the constructor of the base class can call observe.
  declare chunks: Buffer[];

  protected override observe(chunk: Buffer): void {
    (this.chunks ??= []).push(chunk);
    super.observe(chunk);
  }
}

async function record(maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<Recording> {
  const { port } = await startTlsServer({
    identity: server,
    chain: [intermediate, root],
    maxVersion,
    requestCert: true,
    rejectUnauthorized: false,
    ca: root.pem,
  });
  const tcp = net.connect(port, '127.0.0.1');
  await once(tcp, 'connect');
  const tap = new RecordingTap(tcp);
  const socket = tls.connect({ socket: tap, rejectUnauthorized: false });
  const secrets: TrafficSecrets = {};
  socket.on('keylog', (line: Buffer) => {
    const [label, , hex = ''] = String(line).trim().split(' ');
    if (label === 'SERVER_HANDSHAKE_TRAFFIC_SECRET') secrets.secretHandshake = Buffer.from(hex, 'hex');
    if (label === 'SERVER_TRAFFIC_SECRET_0') secrets.secretApplication = Buffer.from(hex, 'hex');
  });
  await once(socket, 'secureConnect');
  socket.destroy();
  return { bytes: Buffer.concat(tap.chunks), secrets };
}

describe('server flight', () => {
  const recordings: Record<string, Recording> = {};
  before(async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) recordings[version] = await record(version);
    await closeServers();
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    describe(version, () => {
      let recording: Recording;
      before(() => {
        recording = recordings[version] as Recording;
      });

      it('tells what was sent, in order, and whose certificates are wanted', () => {
        const flight = readServerFlight(recording.bytes, recording.secrets);
        assert.equal(flight.version, version);
        assert.equal(flight.complete, true);
        assert.equal(flight.certificateRequest?.authorities.length, 1);
        assert.ok(flight.certificateRequest?.authorities[0]?.equals(root.certificate.subjectBytes));
        assert.deepEqual(
          flight.certificates.map((der) => der.toString('hex')),
          [server, intermediate, root].map(({ certificate }) => certificate.der.toString('hex')),
        );
        assert.ok(flight.group);
        assert.ok(flight.cipherSuite);
        assert.deepEqual(flight.alerts, []);
      });

      it('knows less, never fails, when cut at any byte', () => {
        const whole = readServerFlight(recording.bytes, recording.secrets);
        let certificates = 0;
        for (let length = 0; length <= recording.bytes.length; length += 1) {
          const flight = readServerFlight(recording.bytes.subarray(0, length), recording.secrets);
          assert.equal(flight.bytesReceived, length);
          assert.ok(flight.certificates.length >= certificates, 'more bytes never mean less evidence');
          certificates = flight.certificates.length;
        }
        assert.equal(certificates, whole.certificates.length);
      });

      it('never fails on altered bytes', () => {
        const random = new SeededRandom(20);
        for (let round = 0; round < 2000; round += 1) {
          const flight = readServerFlight(mutated(recording.bytes, random), recording.secrets);
          assert.ok(flight.certificates.length <= 64);
        }
      });

      it('never fails with the wrong secrets', () => {
        const secret = Buffer.alloc(32, 7);
        const flight = readServerFlight(recording.bytes, { secretHandshake: secret, secretApplication: secret });
        assert.equal(flight.certificates.length, version === 'TLSv1.2' ? 3 : 0);
        assert.equal(flight.version, version);
      });
    });
  }

  it('never fails on noise that begins like TLS', () => {
    const random = new SeededRandom(21);
    for (let round = 0; round < 500; round += 1) {
      const length = random.below(2000);
      const noise = Buffer.from(Array.from({ length }, () => random.below(256)));
      readServerFlight(Buffer.concat([Buffer.from([22, 3, 3, 0, random.below(256)]), noise]), {
        secretHandshake: Buffer.alloc(32),
      });
    }
  });

  it('reads an alert before anything else', () => {
    const flight = readServerFlight(Buffer.from('15030100020228', 'hex'));
    assert.deepEqual(flight.alerts, [{ level: 2, description: 40 }]);
    assert.equal(flight.tls, true);
  });

  it('stops at a record longer than TLS allows and at an endless handshake', () => {
    assert.equal(readServerFlight(Buffer.from('160303ffff', 'hex')).tls, true);
    const record = Buffer.concat([Buffer.from('1603034000', 'hex'), Buffer.alloc(0x4000, 1)]);
    const endless = Buffer.concat(Array.from({ length: 40 }, () => record));
    assert.equal(readServerFlight(endless).certificates.length, 0);
  });

  it('tells a server that does not speak TLS', () => {
    for (const [text, isTls] of [
      ['HTTP/1.1 400', false],
      ['SSH-2.0', false],
      ['', false],
      ['\u0016\u0003\u0001', true],
      ['\u0016', true],
      ['\u0016\u0004', false],
    ] as const) {
      assert.equal(readServerFlight(Buffer.from(text, 'latin1')).tls, isTls, JSON.stringify(text));
    }
  });
});
