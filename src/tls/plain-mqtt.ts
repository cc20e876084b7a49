import type { Socket } from 'node:net';
import type { Clock } from '../model/clock';
import { Deadline } from './deadline';
import { connectPacket } from './mqtt-greeting';
import { openTcp, type ResolvedAddress } from './tcp-connection';

/** A broker answers at once; this only bounds how long a silent port is asked. */
export const PLAIN_MQTT_PATIENCE_MS = 2000;

/** CONNACK: packet type 2, no flags (MQTT 3.1.1 §3.2.1). */
const CONNACK_BYTE = 0x20;

/**
 * Ask a port that did not answer TLS whether it speaks plain MQTT: it is the commonest mistake, and a broker just
 * closes the connection on it. Nothing secret is sent: an empty client id, no user name, no password.
 *
 * @param timeoutMs at most {@link PLAIN_MQTT_PATIENCE_MS}, and no more than the probe has left
 * @returns true when a CONNACK came back
 */
export async function answersPlainMqtt(
  host: string,
  port: number,
  addresses: readonly ResolvedAddress[],
  clock: Clock,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = new Deadline(clock, timeoutMs);
  const socket = openTcp(host, port, addresses);
  try {
    return (await deadline.race(firstByte(socket))) === CONNACK_BYTE;
  } finally {
    deadline.cancel();
    socket.destroy();
  }
}

function firstByte(socket: Socket): Promise<number | undefined> {
  return new Promise((resolve) => {
    socket.once('connect', () => socket.write(connectPacket({ protocolVersion: 4, clientId: '' })));
    socket.once('data', (chunk: Buffer) => resolve(chunk[0]));
    socket.once('close', () => resolve(undefined));
    socket.on('error', () => resolve(undefined));
  });
}
