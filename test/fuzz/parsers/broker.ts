import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { generate } from 'mqtt-packet';
import { parseTarget } from '../../../src/model/target';
import { PacketSizeGuard } from '../../../src/mqtt/packet-size-guard';
import { WebSocketEntrance } from '../../../src/mqtt/server-websocket';
import { describeRefusal } from '../../../src/tls/websocket-refusal';
import { openWebSocket, WebSocketRefused } from '../../../src/tls/websocket-stream';
import { MemoryClock } from '../../support/memory-clock';
import { mutated, type SeededRandom } from '../../support/seeded-random';
import type { Parser } from '../fuzzer';
import { changedText } from '../text-mutations';

const LIMITS = { packet: 3000, first: 500, control: 800 };

const PACKETS = [
  generate({ cmd: 'connect', clientId: 'c', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 9 }),
  generate({ cmd: 'publish', topic: 'a/b', payload: 'x'.repeat(1500), qos: 0, dup: false, retain: false }),
  generate({
    cmd: 'publish',
    topic: 'a/b',
    payload: 'x'.repeat(4000),
    qos: 1,
    messageId: 1,
    dup: false,
    retain: false,
  }),
  generate({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'x'.repeat(900), qos: 0 }] }),
  generate({ cmd: 'pingreq' }),
];

/** A stream whose other end is the test. */
class Wire extends Duplex {
  private answer: ((request: string) => Buffer) | undefined;
  readonly remoteAddress = '127.0.0.1';

  /** @param answer what the other end says when it was first spoken to; then it hangs up */
  constructor(answer?: (request: string) => Buffer) {
    super();
    this.answer = answer;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const { answer } = this;
    this.answer = undefined;
    if (answer) this.say(answer(chunk.toString('latin1')));
    done();
  }

  say(bytes: Buffer): void {
    this.push(bytes);
    this.push(null);
  }
}

/** A frame by RFC 6455 §5.2; its length may lie. */
function frame(random: SeededRandom, masked: boolean): Buffer {
  const payload = Buffer.alloc(random.below(300), random.below(256));
  const opcode = [0, 1, 2, 2, 2, 8, 9, 10, random.below(16)][random.below(9)] as number;
  const flags = random.below(10) === 0 ? random.below(256) & 0xf0 : 0x80;
  const length = random.below(20) === 0 ? Buffer.from('7fffffffffffffffff', 'hex') : lengthOf(payload.length);
  if (masked) length[0] = (length[0] ?? 0) | 0x80;
  const mask = Buffer.alloc(masked ? 4 : 0);
  return Buffer.concat([Buffer.from([flags | opcode]), length, mask, payload]);
}

function lengthOf(bytes: number): Buffer {
  return bytes < 126 ? Buffer.from([bytes]) : Buffer.from([126, bytes >> 8, bytes & 0xff]);
}

const frames = (random: SeededRandom, masked: boolean): Buffer =>
  Buffer.concat(Array.from({ length: random.below(6) }, () => frame(random, masked)));

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const REQUESTS = [
  [
    'GET /mqtt HTTP/1.1',
    'Host: broker.local:9001',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${KEY}`,
  ],
  [
    'GET / HTTP/1.1',
    'Host: h',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${KEY}`,
    'Origin: https://broker.local',
  ],
].map((lines) => [...lines, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: mqtt', '', ''].join('\r\n'));
const ACCEPTED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
const ANSWERS = [
  `${ACCEPTED}Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: @\r\n\r\n`,
  `${ACCEPTED}Sec-WebSocket-Accept: @\r\n\r\n`,
  'HTTP/1.1 302 Found\r\nLocation: https://elsewhere/\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nno',
];

/** Mostly as it is, so that what comes behind it is read, too. */
function head(valid: readonly string[], random: SeededRandom): Buffer {
  const text = random.below(2) === 0 ? changedText(valid, random) : (valid[random.below(valid.length)] as string);
  return Buffer.from(text, 'latin1');
}

/** How many bytes came out of a stream until it ended, well or badly. */
async function drained(stream: Duplex): Promise<number> {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
  stream.on('error', () => undefined);
  // Not `once`, which takes an error for a rejection.
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', resolve));
  return bytes;
}

/** Someone comes in by the WebSocket port of the embedded broker, and goes. */
async function receive(bytes: Buffer): Promise<string> {
  const wire = new Wire();
  let outcome = 'nothing';
  let reading: Promise<number> | undefined;
  const entrance = new WebSocketEntrance({
    clock: new MemoryClock(),
    largestMessage: 500,
    pages: ['broker.local'],
    onStream: (found) => {
      assert.equal(outcome, 'nothing', 'let in after it was refused, or twice');
      [reading, outcome] = [drained(found), 'let in'];
    },
    onRefused: (_socket, { code }) => (outcome = code),
  });
  wire.on('error', () => undefined);
  const closed = once(wire, 'close');
  entrance.receive(wire as unknown as TLSSocket);
  wire.say(bytes);
  // Every way ends with the connection; a client that is let in is heard to its end.
  await new Promise((resolve) => setImmediate(resolve));
  await reading;
  wire.destroy();
  await closed;
  return outcome;
}

async function ask(bytes: Buffer): Promise<unknown> {
  const target = parseTarget('wss://broker.local/mqtt');
  const wire = new Wire((request) => {
    const key = /Sec-WebSocket-Key: (\S+)/i.exec(request)?.[1] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const at = bytes.indexOf('@');
    return at < 0 ? bytes : Buffer.concat([bytes.subarray(0, at), Buffer.from(accept), bytes.subarray(at + 1)]);
  });
  wire.on('error', () => undefined);
  try {
    return await drained(await openWebSocket(wire, target));
  } catch (error) {
    if (!(error instanceof WebSocketRefused)) throw error;
    const { message, fix } = describeRefusal(error.refusal, target);
    assert.ok(message.length + fix.length < 2000, `${message.length + fix.length} characters`);
    return message;
  } finally {
    wire.destroy();
  }
}

/** Look at packets in pieces of any size. */
function announced(bytes: Buffer, piece: number): number | undefined {
  const guard = new PacketSizeGuard(LIMITS.packet, LIMITS.first, LIMITS.control);
  for (let at = 0; at < bytes.length; at += piece) {
    const size = guard.tooLarge(bytes.subarray(at, at + piece));
    if (size !== undefined) return size;
  }
  return undefined;
}

/** What stands between the network and the broker or client of others. */
export function brokerParsers(): Parser[] {
  const parsers = [
    {
      name: 'mqtt-packets',
      runs: 100,
      make: (random) => {
        const packets = Array.from(
          { length: 1 + random.below(6) },
          () => PACKETS[random.below(PACKETS.length)] as Buffer,
        );
        const whole = Buffer.concat([PACKETS[0] as Buffer, ...packets]);
        return random.below(2) === 0 ? whole : mutated(whole, random);
      },
      read: (input) => announced(input, input.length),
      codes: /^none$/,
      holds: (size: number | undefined, input) => {
        for (const piece of [1, 2, 7]) assert.equal(announced(input, piece), size, `in pieces of ${piece}`);
        assert.ok(size === undefined || size > LIMITS.first);
      },
    } satisfies Parser<Buffer>,
    {
      name: 'websocket-request',
      runs: 30,
      make: (random) => Buffer.concat([head(REQUESTS, random), frames(random, true)]),
      read: receive,
      codes: /^none$/,
      holds: (outcome: string) => assert.match(outcome, /^(let in|MQTT_WEBSOCKET|nothing)$/),
    } satisfies Parser<Buffer>,
    {
      name: 'websocket-answer',
      runs: 30,
      make: (random) => Buffer.concat([head(ANSWERS, random), frames(random, false)]),
      read: ask,
      codes: /^none$/,
    } satisfies Parser<Buffer>,
  ];
  return parsers as Parser[];
}
