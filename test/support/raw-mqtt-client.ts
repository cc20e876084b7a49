import { once } from 'node:events';
import tls from 'node:tls';
import {
  generate,
  parser,
  type IConnectPacket,
  type IPublishPacket,
  type ISubackPacket,
  type Packet,
} from 'mqtt-packet';
import type { SecureMqttServer } from '../../src/mqtt/server';
import { secretPrivateKeyPem } from '../../src/pki/private-key';
import type { ClientIdentity } from '../../src/tls/client-identity';

/** A client that may do what no good one does. */
export class RawClient {
  private readonly packets: Packet[] = [];
  private constructor(readonly socket: tls.TLSSocket) {
    const parse = parser();
    parse.on('packet', (packet) => {
      this.packets.push(packet);
      socket.emit('told');
    });
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => parse.parse(bytes));
    socket.on('close', () => socket.emit('told'));
  }

  /** A connection on which nothing was said yet. */
  static async open(
    { port }: SecureMqttServer,
    { certificatePem, secretKey }: ClientIdentity,
    options: tls.ConnectionOptions = {},
  ): Promise<RawClient> {
    const client = new RawClient(
      tls.connect({
        ...{ host: '127.0.0.1', port, rejectUnauthorized: false },
        ...{ cert: certificatePem, key: secretPrivateKeyPem(secretKey) },
        ...options,
      }),
    );
    await once(client.socket, 'secureConnect');
    return client;
  }

  static async connect(
    server: SecureMqttServer,
    identity: ClientIdentity,
    options: Partial<IConnectPacket> & { clientId: string },
  ): Promise<RawClient> {
    const client = await RawClient.open(server, identity);
    client.greet(options);
    return client;
  }

  greet(options: Partial<IConnectPacket> & { clientId: string }): void {
    this.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, ...options });
  }

  send(...packets: Packet[]): void {
    for (const packet of packets) this.socket.write(generate(packet));
  }

  /** The next packet of a kind; undefined when the connection ends before. */
  async next<P extends Packet>(cmd: P['cmd']): Promise<P | undefined> {
    for (;;) {
      const at = this.packets.findIndex((packet) => packet.cmd === cmd);
      if (at >= 0) return this.packets.splice(at, 1)[0] as P;
      if (this.socket.destroyed) return undefined;
      await once(this.socket, 'told');
    }
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    while (!this.socket.destroyed) await once(this.socket, 'told');
  }

  /** @returns the code of the answer to CONNECT */
  async answer(): Promise<number | undefined> {
    return (await this.next<Packet & { cmd: 'connack'; returnCode?: number }>('connack'))?.returnCode;
  }

  async topic(): Promise<string | undefined> {
    return (await this.next<IPublishPacket>('publish'))?.topic;
  }

  async subscribe(topics: string[], qos: 0 | 1 = 0): Promise<readonly (number | object)[] | undefined> {
    const subscriptions = topics.map((topic) => ({ topic, qos }));
    this.send({ cmd: 'subscribe', messageId: 1, subscriptions });
    return (await this.next<ISubackPacket>('suback'))?.granted;
  }

  publish(topic: string, payload: string | Buffer, options: Partial<IPublishPacket> = {}): void {
    this.send({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false, ...options });
  }
}
