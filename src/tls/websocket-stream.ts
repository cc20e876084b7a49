import { createHash, randomBytes } from 'node:crypto';
import { Duplex } from 'node:stream';
import { formatTarget, verifiedName, type Target } from './target';

type Callback = (error?: Error | null) => void;

/** RFC 6455 §1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const LONGEST_HEADER = 16 * 1024;
/** Only a CONNACK is expected. */
const LONGEST_FRAME = 64 * 1024;

/**
 * MQTT over WebSockets on a stream that is already secured, for the few bytes of a probe.
 *
 * What the server answers instead of an upgrade (a web page, an error) is passed on as it came, so that the reader
 * sees the protocol by its first bytes. Lasting connections use the `ws` package behind MQTT.js.
 *
 * @param stream a judged connection
 */
export function upgradeToWebSocket(stream: Duplex, target: Target): Duplex {
  return new WebSocketStream(stream, target);
}

class WebSocketStream extends Duplex {
  readonly #key = randomBytes(16).toString('base64');
  #state: 'upgrading' | 'open' | 'refused' = 'upgrading';
  #received: Buffer = Buffer.alloc(0);
  #waiting: (() => void) | undefined;

  constructor(
    private readonly stream: Duplex,
    target: Target,
  ) {
    super();
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('end', () => this.#endReading());
    stream.on('close', () => this.#endReading());
    stream.on('error', (error) => this.destroy(error));
    stream.write(this.#request(target));
  }

  override _read(): void {
    this.stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    if (this.#state === 'open') this.stream.write(frame(OPCODE.binary, chunk), callback);
    else if (this.#state === 'refused') callback();
    else this.#waiting = () => this._write(chunk, _encoding, callback);
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.stream.destroy();
    callback(error);
  }

  #request(target: Target): string {
    const host = verifiedName(target);
    const authority = formatTarget({ ...target, host, path: '' }).replace(/^\w+:\/\//, '');
    return [
      `GET ${target.path || '/'} HTTP/1.1`,
      `Host: ${authority}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${this.#key}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Protocol: mqtt', // MQTT 3.1.1 §6
      '',
      '',
    ].join('\r\n');
  }

  #take(chunk: Buffer): void {
    if (this.#state === 'refused') {
      this.push(chunk);
      return;
    }
    this.#received = Buffer.concat([this.#received, chunk]);
    if (this.#state === 'upgrading') this.#readUpgrade();
    if (this.#state === 'open') this.#readFrames();
  }

  #readUpgrade(): void {
    const end = this.#received.indexOf('\r\n\r\n');
    if (
      end < 0 &&
      this.#received.length < LONGEST_HEADER &&
      /^HTTP|^.{0,3}$/s.test(this.#received.toString('latin1', 0, 4))
    ) {
      return;
    }
    const header = this.#received.toString('latin1', 0, Math.max(0, end));
    const expected = createHash('sha1')
      .update(this.#key + ACCEPT_SUFFIX)
      .digest('base64');
    const accepted = /^HTTP\/1\.1 101[ \r]/.test(header) && header.includes(expected);
    this.#state = accepted ? 'open' : 'refused';
    if (accepted) this.#received = this.#received.subarray(end + 4);
    else this.push(this.#received);
    this.#waiting?.();
    this.#waiting = undefined;
  }

  #readFrames(): void {
    for (;;) {
      const found = readFrame(this.#received);
      if (!found) return;
      if (found === 'malformed') {
        this.destroy();
        return;
      }
      this.#received = this.#received.subarray(found.size);
      if (found.opcode === OPCODE.close) this.#endReading();
      else if (found.opcode === OPCODE.ping) this.stream.write(frame(OPCODE.pong, found.payload));
      else if (found.opcode <= OPCODE.binary) this.push(found.payload);
    }
  }

  #endReading(): void {
    if (!this.readableEnded && !this.destroyed) this.push(null);
  }
}

/** A frame from client to server is always masked (RFC 6455 §5.3). */
function frame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] as number)));
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, mask, masked]);
}

function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; size: number } | 'malformed' | undefined {
  if (bytes.length < 2) return undefined;
  const opcode = (bytes[0] as number) & 0x0f;
  const short = (bytes[1] as number) & 0x7f;
  const isMasked = ((bytes[1] as number) & 0x80) !== 0;
  if (isMasked || short === 127) return 'malformed'; // 64 bit lengths are longer than anything expected here
  const start = short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 126 ? bytes.readUInt16BE(2) : short;
  if (length > LONGEST_FRAME) return 'malformed';
  if (bytes.length < start + length) return undefined;
  return { opcode, payload: bytes.subarray(start, start + length), size: start + length };
}
