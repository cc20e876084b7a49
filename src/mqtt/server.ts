import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Aedes, Client } from 'aedes' with { 'resolution-mode': 'import' };
import type { AuthorityEvent, AuthorityEventName, CertificateAuthority } from '../ca/certificate-authority';
import { systemClock, type Clock, type Timer } from '../model/clock';
import { codedError, isCodedError, type CodedError } from '../model/errors';
import type { SubjectAltName } from '../model/subject-alt-name';
import type { AccessList } from './acl';
import type { Users } from './server-admission';
import { serverMaterial } from './server-certificate';
import { ServerEntrance } from './server-entrance';
import { serverEvent, type ServerEvent } from './server-event';
import { ServerNews } from './server-news';
import { clientProblem } from './server-problem';
import { ServerRules, type BrokerStore, type Guest } from './server-rules';
import { standingProblem } from './server-standing';

export interface MqttServerOptions {
  authority: CertificateAuthority;
  /** 0: any free one. */
  port: number;
  /** For MQTT over WebSockets; undefined: none, 0: any free one. */
  wsPort?: number;
  bindAddress: string;
  hosts: SubjectAltName[];
  /** `mutual`: a certificate of the CA; `server`: one of the users. */
  security: 'mutual' | 'server';
  users: Users;
  acl: AccessList;
  clock?: Clock;
}

export interface MqttServerEvents {
  client: [ServerEvent];
  /** The certificate could not be renewed; the one in use goes on. */
  failure: [CodedError];
  /** The CA has answered with the certificate that is shown from now on. */
  certificate: [];
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Events after which the CA may give another certificate for the server: it renews what is `due`. After a long sleep it
 * tells the last stage alone.
 */
const RENEWALS: readonly AuthorityEventName[] = ['issued', 'renewed', 'due', 'expiring', 'expired', 'revoked'];

/** The CA tells only once that the certificate is due. */
const RENEWAL_RETRY_MS = 10 * 60_000;

/**
 * An MQTT 3.1.1 broker that lets in whom its CA has certified, and the only file that knows aedes. Sessions live in
 * memory.
 */
export class SecureMqttServer extends EventEmitter<MqttServerEvents> {
  private readonly guests = new WeakMap<object, Guest>();
  private readonly connected = new Set<Client>();
  private readonly rules: ServerRules;
  private readonly news: ServerNews;
  private broker: Aedes | undefined;
  private entrance: ServerEntrance | undefined;
  private commonName = '';
  private shown = '';
  private trusted = '';
  private renewalRetry: Timer | undefined;
  private renewalFailure: string | undefined;

  private constructor(private readonly options: MqttServerOptions) {
    super();
    const { authority, security, users, acl, clock = systemClock } = options;
    this.news = new ServerNews(clock, (event) => this.emit('client', event));
    this.rules = new ServerRules({
      ...{ authority, security, users, acl, clock },
      guestOf: (client) => this.guestOf(client.conn),
      refused: (guest, clientId) => this.tell('refused', guest, clientId),
    });
  }

  /**
   * Issue or load the server's certificate and listen.
   *
   * @throws NET_ADDRESS_IN_USE, NET_BIND; what the CA throws
   */
  static async start(options: MqttServerOptions): Promise<SecureMqttServer> {
    const server = new SecureMqttServer(options);
    try {
      await server.open();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.entrance?.port ?? this.options.port;
  }

  /** Of MQTT over WebSockets; undefined when there is none. */
  get wsPort(): number | undefined {
    return this.entrance?.wsPort;
  }

  get clientSerialNumbers(): string[] {
    return [...this.connected].flatMap((client) => this.guestOf(client.conn).certificate?.serialNumber ?? []);
  }

  /** What it shows to clients, with its chain; PEM. */
  get certificatePem(): string {
    return this.shown;
  }

  get connectedClients(): number {
    return this.connected.size;
  }

  /** Disconnect everybody and let go of the port, timers and listeners. */
  async close(): Promise<void> {
    const { authority } = this.options;
    this.removeAllListeners();
    this.news.close();
    authority.off('revoked', this.onRevoked);
    authority.off('ca-changed', this.onCertificateChange);
    for (const event of RENEWALS) authority.off(event, this.onCertificateChange);
    const { broker, entrance } = this;
    this.broker = undefined;
    this.renewalRetry?.cancel();
    if (broker) await new Promise<void>((resolve) => broker.close(() => resolve()));
    await entrance?.close();
  }

  private async open(): Promise<void> {
    const { authority, hosts, port, wsPort, bindAddress, security, clock = systemClock } = this.options;
    // An ES module, and only wanted where a server is.
    const { Aedes: Broker } = await import('aedes');
    const { commonName, options: material } = await serverMaterial(authority, hosts);
    [this.commonName, this.shown, this.trusted] = [commonName, String(material.cert), String(material.ca)];
    const broker = await Broker.createBroker({ connectTimeout: CONNECT_TIMEOUT_MS, ...this.rules.callbacks() });
    this.broker = broker;
    this.rules.replaceIn((broker as unknown as { persistence: BrokerStore }).persistence);
    broker.on('clientReady', (client) => this.welcome(client));
    broker.on('clientDisconnect', (client) => this.farewell(client));
    broker.on('unsubscribe', (topics, { id }) => this.rules.filters.give(id, topics));
    broker.on('clientError', (client, error) => {
      this.guestOf(client.conn).reason ??= clientProblem(error);
    });
    broker.on('connectionError', (client, error) => {
      const guest = this.guestOf(client.conn);
      guest.reason ??= clientProblem(error);
      if (guest.reason) this.tell('refused', guest);
    });
    this.entrance = await ServerEntrance.open({
      ...{ authority, security, bindAddress, port, wsPort, hosts, clock },
      material,
      onStream: (stream, guest) => this.receive(stream, guest),
      onRefused: (guest) => this.tell('refused', guest),
    });
    authority.on('revoked', this.onRevoked);
    authority.on('ca-changed', this.onCertificateChange);
    for (const event of RENEWALS) authority.on(event, this.onCertificateChange);
  }

  private receive(stream: Duplex, guest: Guest): void {
    this.guests.set(stream, guest);
    const client = this.broker?.handle(stream);
    if (client) this.rules.attend(client);
  }

  private welcome(client: Client): void {
    const guest = this.guestOf(client.conn);
    // Revoked since the rules have judged the CONNECT.
    const problem = guest.certificate && standingProblem(guest.certificate, this.options.authority);
    if (problem) {
      guest.reason = problem;
      this.tell('refused', guest, client.id);
      client.close();
      return;
    }
    this.connected.add(client);
    this.keepSession(client);
    this.tell('connected', guest, client.id);
  }

  private farewell(client: Client): void {
    const wasReady = this.connected.delete(client);
    this.keepSession(client);
    this.rules.release(client);
    if (wasReady) this.tell('disconnected', this.guestOf(client.conn), client.id);
  }

  private keepSession(client: Client): void {
    // Seldom asked, and with a thousand clients a thousand steps for each that comes or goes.
    let ids: Set<string> | undefined;
    const isConnected = (id: string) => (ids ??= new Set([...this.connected].map((each) => each.id))).has(id);
    this.rules.keepSession(client, isConnected);
  }

  private throwOut(client: Client): void {
    this.guestOf(client.conn).reason = codedError('CERT_REVOKED', 'the client certificate was revoked');
    client.close();
  }

  private readonly onRevoked = ({ serialNumber }: AuthorityEvent): void => {
    for (const client of this.connected) {
      if (this.guestOf(client.conn).certificate?.serialNumber === serialNumber) this.throwOut(client);
    }
  };

  /** @param about absent when the CA itself has another certificate or key */
  private readonly onCertificateChange = (about?: AuthorityEvent): void => {
    if (about === undefined || about.commonName === this.commonName) void this.renew();
  };

  /** Ask the CA again, which may itself have a new key: it answers with the same certificate, or with a new one for everybody who connects from now on. */
  private async renew(): Promise<void> {
    this.renewalRetry?.cancel();
    try {
      const { options } = await serverMaterial(this.options.authority, this.options.hosts);
      this.renewalFailure = undefined;
      const { shown, trusted } = this;
      [this.shown, this.trusted] = [String(options.cert), String(options.ca)];
      if (this.shown !== shown || this.trusted !== trusted) this.entrance?.changeMaterial(options);
      this.emit('certificate');
    } catch (error) {
      this.renewalFailed(isCodedError(error) ? error : codedError('CA_NOT_READY', String(error)));
    }
  }

  /** Tell it once per reason, and try again. */
  private renewalFailed(failure: CodedError): void {
    if (!this.broker) return;
    const { clock = systemClock } = this.options;
    this.renewalRetry = clock.setTimer(RENEWAL_RETRY_MS, () => void this.renew());
    if (failure.code !== this.renewalFailure) this.emit('failure', failure);
    this.renewalFailure = failure.code;
  }

  private guestOf(connection: object): Guest {
    return this.guests.get(connection) ?? { address: undefined };
  }

  private tell(event: ServerEvent['event'], guest: Guest, clientId?: string): void {
    this.news.add(serverEvent(event, guest, clientId));
  }
}
