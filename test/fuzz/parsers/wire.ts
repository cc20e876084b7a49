import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { Duplex } from 'node:stream';
import { greet } from '../../../src/tls/mqtt-greeting';
import { peerProtocol, showBytes } from '../../../src/tls/peer-protocol';
import { expandLabel } from '../../../src/tls/record-decryption';
import { readServerFlight, type ServerFlight } from '../../../src/tls/server-flight';
import { mutated, type SeededRandom } from '../../support/seeded-random';
import type { Parser } from '../fuzzer';
import type { Samples } from '../samples';

const SECRETS = { secretHandshake: Buffer.alloc(32, 1), secretApplication: Buffer.alloc(32, 2) };

/** Length in front, big end first; now and then a lie. */
function vector(lengthBytes: number, content: Buffer, random: SeededRandom): Buffer {
  const most = 256 ** lengthBytes - 1;
  const lie = random.below(40) === 0 ? [0, 1, most, content.length + 1][random.below(4)] : undefined;
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(Math.min(most, lie ?? content.length), 0, lengthBytes);
  return Buffer.concat([length, content]);
}

/** What a server says, by the grammar of RFC 5246 and RFC 8446, in an order that need not make sense. */
class Flight {
  private sequence = 0;
  private epoch: 'plain' | 'handshake' = 'plain';

  constructor(
    private readonly random: SeededRandom,
    private readonly certificates: readonly Buffer[],
    private readonly tls13: boolean,
  ) {}

  bytes(): Buffer {
    const names = this.tls13
      ? ['hello', 'ccs', 'seal', 'extensions', 'request', 'certificate', 'verify', 'finished', 'alert']
      : ['hello', 'certificate', 'exchange', 'request', 'done', 'ccs', 'alert'];
    const parts = names
      .filter(() => this.random.below(12) !== 0)
      .flatMap((name) => (this.random.below(15) === 0 ? [name, name] : [name]))
      .map((name) => this.part(name));
    const whole = Buffer.concat(parts);
    return this.random.below(4) === 0 && whole.length > 0 ? mutated(whole, this.random) : whole;
  }

  private part(name: string): Buffer {
    const { random, tls13 } = this;
    const noise = Buffer.alloc(random.below(40), random.below(256));
    switch (name) {
      case 'seal':
        this.epoch = 'handshake';
        return Buffer.alloc(0);
      case 'ccs':
        return this.record(20, Buffer.from([1]), 'plain');
      case 'alert':
        return this.record(21, Buffer.from([2, random.below(256)]));
      case 'hello':
        return this.handshake(2, this.hello());
      case 'extensions':
        return this.handshake(8, vector(2, this.extension(16, vector(2, vector(1, noise, random), random)), random));
      case 'certificate':
        return this.handshake(11, this.chain());
      case 'exchange':
        return this.handshake(
          12,
          Buffer.concat([Buffer.from([3, 0, [23, 24, 29, 99][random.below(4)] as number]), noise]),
        );
      case 'request': {
        const names = vector(
          2,
          Buffer.concat(this.certificates.map((one) => vector(2, one.subarray(0, 60), random))),
          random,
        );
        const old = [vector(1, noise, random), vector(2, noise, random), names];
        const extensions = vector(2, this.extension(47, names), random);
        return this.handshake(13, Buffer.concat(tls13 ? [vector(1, Buffer.alloc(0), random), extensions] : old));
      }
      case 'done':
        return this.handshake(14, Buffer.alloc(0));
      case 'finished':
        return this.handshake(20, noise);
      default:
        return this.handshake(random.below(256), noise);
    }
  }

  private hello(): Buffer {
    const { random, tls13 } = this;
    const versions = this.extension(43, Buffer.from([3, random.below(10) === 0 ? random.below(256) : 4]));
    const share = this.extension(51, Buffer.from([0, 29, 0, 0]));
    const alpn = this.extension(16, vector(2, vector(1, Buffer.from('mqtt'), random), random));
    const suite = [0x1301, 0x1301, 0x1301, 0xc02f, random.below(65_536)][random.below(5)] as number;
    return Buffer.concat([
      Buffer.from([3, 3]),
      Buffer.alloc(32, random.below(256)),
      vector(1, Buffer.alloc(random.below(33)), random),
      Buffer.from([suite >> 8, suite & 0xff, 0]),
      vector(2, Buffer.concat(tls13 ? [versions, share] : [alpn]), random),
    ]);
  }

  private extension(type: number, content: Buffer): Buffer {
    const count = this.random.below(30) === 0 ? 200 : 1;
    const one = Buffer.concat([Buffer.from([type >> 8, type & 0xff]), vector(2, content, this.random)]);
    return Buffer.concat(Array.from({ length: count }, () => one));
  }

  private chain(): Buffer {
    const { random, tls13 } = this;
    const count = random.below(20) === 0 ? 100 : random.below(4);
    const entries = Array.from({ length: count }, () => {
      const certificate = vector(3, this.certificates[random.below(this.certificates.length)] as Buffer, random);
      return tls13 ? Buffer.concat([certificate, vector(2, Buffer.alloc(0), random)]) : certificate;
    });
    const list = vector(3, Buffer.concat(entries), random);
    return tls13 ? Buffer.concat([vector(1, Buffer.alloc(0), random), list]) : list;
  }

  private handshake(type: number, body: Buffer): Buffer {
    const message = Buffer.concat([Buffer.from([type]), vector(3, body, this.random)]);
    // A message may come in many records, as small as one octet.
    const size = [1, 7, 1000, 16_000, 16_000, 16_000][this.random.below(6)] as number;
    const pieces: Buffer[] = [];
    for (let at = 0; at < message.length && pieces.length < 500; at += size) {
      pieces.push(this.record(22, message.subarray(at, at + size)));
    }
    return Buffer.concat(pieces);
  }

  private record(type: number, fragment: Buffer, epoch = this.epoch): Buffer {
    if (epoch === 'plain') return Buffer.concat([Buffer.from([type, 3, 3]), vector(2, fragment, this.random)]);
    const header = Buffer.from([23, 3, 3, 0, 0]);
    const plain = Buffer.concat([fragment, Buffer.from([type]), Buffer.alloc(this.random.below(3))]);
    header.writeUInt16BE(plain.length + 16, 3);
    const nonce = expandLabel('sha256', SECRETS.secretHandshake, 'iv', 12);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.sequence) >>> 0, 8);
    this.sequence += 1;
    const key = expandLabel('sha256', SECRETS.secretHandshake, 'key', 16);
    const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(header);
    return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }
}

/** CONNACK of both versions, and other answers that a port may give. */
const ANSWERS = [
  Buffer.from('20020000', 'hex'),
  Buffer.from('20020005', 'hex'),
  Buffer.from('200300870000', 'hex'),
  Buffer.from('200c0087091f0006726561736f6e', 'hex'),
  Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  Buffer.from('220 mail.example ESMTP\r\n'),
  Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
  Buffer.from('15030100020246', 'hex'),
];

function anyAnswer(random: SeededRandom): Buffer {
  return mutated(ANSWERS[random.below(ANSWERS.length)] as Buffer, random);
}

/** The readers of what comes from the network; none of them ever fails, odd bytes are less evidence. */
export function wireParsers({ certificates }: Samples): Parser[] {
  const parsers = [
    {
      name: 'tls-flight',
      runs: 80,
      make: (random) => new Flight(random, certificates, random.below(3) > 0).bytes(),
      read: (input) => readServerFlight(input, SECRETS),
      codes: /^none$/,
      holds: (flight: ServerFlight, input) => {
        assert.equal(flight.bytesReceived, input.length);
        assert.ok(flight.certificates.length <= 64);
        assert.ok(flight.certificates.every((one) => one.length <= input.length));
      },
    } satisfies Parser<Buffer>,
    {
      name: 'first-bytes',
      runs: 60,
      make: anyAnswer,
      read: (input) => [peerProtocol(input), showBytes(input)],
      codes: /^none$/,
    } satisfies Parser<Buffer>,
    {
      name: 'connack',
      runs: 60,
      make: anyAnswer,
      read: async (input) => {
        const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
        const protocolVersion = input.length % 2 === 0 ? 4 : 5;
        const greeting = greet(stream, { clientId: 'fuzz', protocolVersion }, new Promise(() => undefined));
        stream.emit('data', input);
        stream.emit('end');
        return greeting;
      },
      codes: /^none$/,
    } satisfies Parser<Buffer>,
  ];
  return parsers as Parser[];
}
