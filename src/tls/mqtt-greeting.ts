import type { Duplex } from 'node:stream';
import type * as MqttPacket from 'mqtt-packet';
import { peerProtocol, showBytes } from './peer-protocol';
import type { WebSocketRefusal } from './websocket-refusal';

/** Loaded by the first probe that goes on to MQTT. */
// eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would load it at once
const loadMqttPacket = () => require('mqtt-packet') as typeof MqttPacket;

/** How an MQTT CONNECT was answered. */
export interface MqttGreeting {
  outcome: 'connack' | 'closed' | 'not-mqtt' | 'no-websocket' | 'timeout';
  protocolVersion: 4 | 5;
  /** Of the CONNACK; 0 is success. */
  reasonCode?: number;
  /** The name the standard gives the code, with the broker's own words where it sent any. */
  reason?: string;
  /** Of a peer that does not speak MQTT. */
  protocol?: string;
  firstBytes?: string;
  /** Of a server that opened no WebSocket. */
  refusal?: WebSocketRefusal;
}

export interface GreetingRequest {
  protocolVersion: 4 | 5;
  clientId: string;
  username?: string;
  secretPassword?: string;
}

/** CONNACK of MQTT 3.1.1, §3.2.2.3. */
const RETURN_CODES: Readonly<Record<number, string>> = {
  1: 'unacceptable protocol version',
  2: 'client id rejected',
  3: 'server unavailable',
  4: 'bad user name or password',
  5: 'not authorised',
};

/** CONNACK of MQTT 5, §3.2.2.2. */
const REASON_CODES: Readonly<Record<number, string>> = {
  0x80: 'unspecified error',
  0x81: 'malformed packet',
  0x82: 'protocol error',
  0x83: 'implementation specific error',
  0x84: 'unsupported protocol version',
  0x85: 'client id not valid',
  0x86: 'bad user name or password',
  0x87: 'not authorised',
  0x88: 'server unavailable',
  0x89: 'server busy',
  0x8a: 'banned',
  0x8c: 'bad authentication method',
  0x90: 'topic name invalid',
  0x95: 'packet too large',
  0x97: 'quota exceeded',
  0x99: 'payload format invalid',
  0x9a: 'retain not supported',
  0x9b: 'QoS not supported',
  0x9c: 'use another server',
  0x9d: 'server moved',
  0x9f: 'connection rate exceeded',
};

/** A CONNACK is small; a server that keeps sending something else is none. */
export const LONGEST_ANSWER = 64 * 1024;

/** The bytes of a CONNECT that leaves no session behind. */
export function connectPacket(request: GreetingRequest): Buffer {
  const packet: MqttPacket.IConnectPacket = {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: request.protocolVersion,
    clean: true,
    clientId: request.clientId,
    keepalive: 30,
    ...(request.username ? { username: request.username } : {}),
    ...(request.secretPassword ? { password: Buffer.from(request.secretPassword, 'utf8') } : {}),
  };
  return loadMqttPacket().generate(packet);
}

/**
 * Say CONNECT and wait for the CONNACK, then DISCONNECT.
 *
 * @param stream a stream whose other end has been judged: credentials go out at once
 * @param cancelled settles when there is no more time
 * @returns never throws; the stream is left to the caller to close
 */
export function greet(stream: Duplex, request: GreetingRequest, cancelled: Promise<void>): Promise<MqttGreeting> {
  const { protocolVersion } = request;
  return new Promise((resolve) => {
    const { generate, parser } = loadMqttPacket();
    const reading = parser({ protocolVersion });
    let received = Buffer.alloc(0);
    const finish = (greeting: Omit<MqttGreeting, 'protocolVersion'>) => {
      stream.off('data', onData);
      stream.off('end', onClosed);
      stream.off('close', onClosed);
      stream.off('error', onClosed);
      // A late error of a stream that has been judged must not end the process.
      stream.on('error', () => undefined);
      resolve({ ...greeting, protocolVersion });
    };
    const notMqtt = () =>
      finish({
        outcome: 'not-mqtt',
        protocol: peerProtocol(received.subarray(0, 64)),
        firstBytes: showBytes(received),
      });
    const onClosed = () => (received.length > 0 ? notMqtt() : finish({ outcome: 'closed' }));
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length > LONGEST_ANSWER) return notMqtt();
      reading.parse(chunk);
    };
    reading.on('packet', (packet: MqttPacket.Packet) => {
      if (packet.cmd !== 'connack') return notMqtt();
      if (!stream.destroyed) stream.write(generate({ cmd: 'disconnect' }, { protocolVersion }));
      finish({ outcome: 'connack', ...readConnack(packet, protocolVersion) });
    });
    reading.on('error', notMqtt);
    stream.on('data', onData);
    stream.on('end', onClosed);
    stream.on('close', onClosed);
    stream.on('error', onClosed);
    void cancelled.then(() => finish({ outcome: 'timeout' }));
    stream.write(connectPacket(request));
  });
}

function readConnack(
  packet: MqttPacket.IConnackPacket,
  protocolVersion: 4 | 5,
): { reasonCode: number; reason?: string } {
  const reasonCode =
    (protocolVersion === 5 ? packet.reasonCode : packet.returnCode) ?? packet.returnCode ?? packet.reasonCode ?? 0;
  const name = reasonCode === 0 ? undefined : (protocolVersion === 5 ? REASON_CODES : RETURN_CODES)[reasonCode];
  const words = packet.properties?.reasonString?.slice(0, 200);
  const reason = [name, words].filter(Boolean).join(': ');
  return { reasonCode, ...(reason ? { reason } : {}) };
}
