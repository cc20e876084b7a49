import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { generate } from 'mqtt-packet';
import { startMosquitto, type RunningMosquitto } from './mosquitto';
import { judge } from './openssl';

/** Longer than a broker takes to be told, on a busy machine. */
const PATIENCE_MS = 60_000;
const LOOK_AGAIN_MS = 100;

/** A client's certificate and key, PEM; the key encrypted. */
export interface SoakClient {
  name: string;
  cert: string;
  key: string;
  passphrase: string;
}

/** A real Mosquitto that reads the folder of an export, and goes on when Node-RED is killed. */
export class SoakMosquitto {
  #running: RunningMosquitto | undefined;

  constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** Start on the files as they lie there, or end it and start again. */
  async start(): Promise<void> {
    await this.#running?.stop();
    const lines = [readFileSync(join(this.folder, 'mosquitto.conf'), 'utf8'), `pid_file ${this.folder}/mosquitto.pid`];
    this.#running = await startMosquitto({ port: this.port, folder: this.folder, configuration: () => lines });
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    this.#running = undefined;
  }

  /** After a start of Node-RED nothing of an interrupted replacement is left in its way, and the pair is one. */
  async checkFolder(where: string): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    await this.#until(`${where}: an interrupted replacement was not put back`, () =>
      Promise.resolve(!existsSync(at('.secure-mqtt-replacing.json'))),
    );
    const ofKey = judge('openssl', ['pkey', '-in', this.#fileOf('keyfile'), '-pubout']);
    const ofCertificate = judge('openssl', ['x509', '-in', this.#fileOf('certfile'), '-noout', '-pubkey']);
    assert.match(ofKey.output, /PUBLIC KEY/, where);
    assert.equal(ofKey.output, ofCertificate.output, `${where}: a certificate beside the key of another one`);
    for (const name of ['ca.pem', 'crl.pem']) {
      const [tool, ...args] = name === 'ca.pem' ? ['x509', '-noout'] : ['crl', '-noout'];
      const read = judge('openssl', [tool as string, '-in', at(name), ...args]);
      assert.equal(read.status, 0, `${where}: ${name}: ${read.output}`);
    }
  }

  /** After a replacement that succeeded. */
  checkNothingLeft(where: string): void {
    const left = readdirSync(this.folder).filter((name) => /\.(new|previous)$|replacing/.test(name));
    assert.deepEqual(left, [], where);
  }

  lets(client: SoakClient, where: string): Promise<void> {
    return this.#until(`${where}: ${client.name} is not let in`, async () => (await this.#answer(client)) === 0);
  }

  refuses(client: SoakClient, where: string): Promise<void> {
    return this.#until(`${where}: ${client.name} is let in`, async () => (await this.#answer(client)) === undefined);
  }

  /** As Mosquitto is told. */
  #fileOf(option: string): string {
    const configuration = readFileSync(join(this.folder, 'mosquitto.conf'), 'utf8');
    return join(this.folder, new RegExp(`^${option} (.*)$`, 'm').exec(configuration)?.[1] ?? '');
  }

  async #until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!(await isTrue())) {
      assert.ok(Date.now() < end, `${what}; the log of Mosquitto:\n${this.#running?.log().slice(-3000)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** @returns the code of CONNACK; undefined when the connection ended before */
  #answer({ name, cert, key, passphrase }: SoakClient): Promise<number | undefined> {
    const ca = readFileSync(join(this.folder, 'ca.pem'));
    return new Promise((resolve) => {
      const socket = tls.connect({ host: 'localhost', port: this.port, servername: 'localhost', ca, cert, key, passphrase }); // prettier-ignore
      const done = (code?: number) => {
        socket.destroy();
        resolve(code);
      };
      socket.on('error', () => done()).on('close', () => done());
      socket.once('data', (bytes) => done(bytes[3]));
      socket.once('secureConnect', () => {
        const connect = { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0, clientId: name }; // prettier-ignore
        socket.write(generate(connect as never));
      });
    });
  }
}
