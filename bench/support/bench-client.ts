import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { generate, parser, type Packet } from 'mqtt-packet';
import { clientName, type Material } from './broker-peers';

const bytesOf = (packet: object): Buffer => generate(packet as Packet);

/** An MQTT client that does next to nothing, so that the figures are those of the broker. QoS 0 and 1. */
export class BenchClient {
  private readonly parser = parser({ protocolVersion: 4 });
  private answered: () => void = () => undefined;
  /** Called for each PUBLISH. */
  arrived: () => void = () => undefined;

  private constructor(private readonly socket: TLSSocket) {
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.parser.parse(bytes));
    this.parser.on('packet', (packet) => {
      if (packet.cmd === 'publish') {
        if (packet.qos === 1) socket.write(bytesOf({ cmd: 'puback', messageId: packet.messageId }));
        this.arrived();
      } else if (packet.cmd === 'connack' || packet.cmd === 'suback') {
        this.answered();
      }
    });
  }

  /** TLS with the client's own certificate, CONNECT, CONNACK. */
  static open(port: number, { ca, clients }: Material, index: number): Promise<BenchClient> {
    const socket = tlsConnect({ host: '127.0.0.1', servername: 'localhost', port, ca, ...clients[index] });
    const client = new BenchClient(socket);
    const clientId = clientName(index);
    const connect = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, keepalive: 0, clean: true };
    return new Promise((resolve, reject) => {
      socket.once('error', reject).once('close', () => reject(new Error(`${clientId} was closed`)));
      socket.once('secureConnect', () => socket.write(bytesOf(connect)));
      client.answered = () => resolve(client);
    });
  }

  subscribe(filters: readonly string[], qos: 0 | 1): Promise<void> {
    return new Promise((resolve) => {
      this.answered = resolve;
      const subscriptions = filters.map((topic) => ({ topic, qos }));
      this.socket.write(bytesOf({ cmd: 'subscribe', messageId: 1, subscriptions }));
    });
  }

  /** @param number of the message; with QoS 1 its identifier comes of it */
  publish(topic: string, payload: string, qos: 0 | 1, number: number): void {
    const packet = { cmd: 'publish', topic, payload, qos, retain: false, dup: false };
    this.socket.write(bytesOf(qos === 0 ? packet : { ...packet, messageId: (number % 65_535) + 1 }));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.end(bytesOf({ cmd: 'disconnect' }));
    });
  }
}
