import type { AedesOptions, Client } from 'aedes' with { 'resolution-mode': 'import' };
import type { Clock } from '../model/clock';
import type { CodedError } from '../model/errors';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { AccessList } from './acl';
import type { ClientCertificate, Users } from './server-admission';
import { gatherWrites } from './gathered-writes';
import { ServerClientIds } from './server-client-ids';
import { MOST_FILTERS, ServerFilters, type FilterStore } from './server-filters';
import { connectProblem, unsoundTopic } from './server-connect-packet';
import { ServerIncoming, type IncomingStore } from './server-incoming';
import { ServerOutflow } from './server-outflow';
import {
  foreignClientId,
  tooManyConnections,
  tooManyFilters,
  tooMuchKept,
  tooMuchRetained,
  wrongPassword,
} from './server-refusals';
import { ServerRetained, type RetainedPacket, type RetainedStore } from './server-retained';
import type { KeptPacket } from './server-session';
import { ServerSessions, type OutgoingStore } from './server-sessions';
import { standingProblem } from './server-standing';
import { isSoundTopicName } from './topic';

/** A connection, from the finished handshake on. */
export interface Guest {
  address: string | undefined;
  certificate?: ClientCertificate;
  /** Common name of the certificate, or the user name that was accepted. */
  identity?: string;
  /** Why we end the connection. */
  reason?: CodedError;
  /** To be called when CONNECT was accepted: until then the connection makes way for new ones. */
  letIn?: () => void;
}

export type BrokerStore = OutgoingStore & FilterStore & RetainedStore & IncomingStore;

export interface RuleOptions {
  authority: Pick<CertificateAuthority, 'find' | 'statusOf'>;
  security: 'mutual' | 'server';
  users: Users;
  acl: AccessList;
  clock: Clock;
  guestOf: (client: Client) => Guest;
  /** A CONNECT, or what a client wants to keep here, was refused, for `guest.reason`. */
  refused: (guest: Guest, clientId: string) => void;
}

/** Return codes of CONNACK (MQTT 3.1.1 §3.2.2.3). */
const IDENTIFIER_REJECTED = 2;
const SERVER_UNAVAILABLE = 3;
const BAD_USER_OR_PASSWORD = 4;
const NOT_AUTHORIZED = 5;

/** Where a message goes that its sender may not publish: nobody receives it and the sender cannot tell, as in Mosquitto. */
const NOWHERE = '$denied';

/** Who may connect, publish and receive, in the form aedes asks for. */
export class ServerRules {
  private readonly clientIds = new ServerClientIds();
  /** What waits for clients with kept sessions. */
  readonly sessions = new ServerSessions({
    mayReceive: (clientId, topic) => this.mayKeep(clientId, topic),
    ownerOf: (clientId) => this.clientIds.ownerOf(clientId),
    ended: (clientId) => this.ended(clientId),
    full: (clientId) => this.refuseToKeep(clientId),
  });
  readonly filters = new ServerFilters();
  private readonly retained = new ServerRetained((clientId) => this.clientIds.ownerOf(clientId));
  private readonly incoming = new ServerIncoming();
  private readonly outflow: ServerOutflow;
  /** Connections that were told that they retain too much. */
  private readonly refusedToRetain = new WeakSet<Client>();
  /** Filters that were refused to a connection. */
  private readonly refusedFilters = new WeakMap<Client, number>();

  constructor(private readonly options: RuleOptions) {
    this.outflow = new ServerOutflow(options.clock);
  }

  /** Take over parts of aedes' store. */
  replaceIn(store: BrokerStore): void {
    this.sessions.replaceIn(store);
    this.filters.replaceIn(store);
    this.retained.replaceIn(store);
    this.incoming.replaceIn(store);
  }

  /** A connection has come; nothing has been heard of it. */
  attend(client: Client): void {
    this.outflow.watch(client);
    this.filters.watch(client);
    gatherWrites(client.conn);
    // Also of a client that goes before it is ready, of which aedes does not tell.
    client.conn.once('close', () => this.clientIds.release(client.id, client));
  }

  /** The callbacks of aedes. */
  callbacks(): Pick<
    AedesOptions,
    'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'
  > {
    const { acl, guestOf } = this.options;
    const who = (client: Client) => ({ clientId: client.id, username: guestOf(client).identity });
    return {
      preConnect: (_client, packet, done) => {
        const problem = connectProblem(packet);
        done(problem ?? null, problem === undefined);
      },
      authenticate: (client, username, password, done) => {
        const problem = this.authenticate(client, username, password);
        if (!problem) done(null, true);
        else done(Object.assign(new Error(problem.words), { returnCode: problem.returnCode }) as never, false);
      },
      authorizePublish: (client, packet, done) => {
        if (client !== null && !isSoundTopicName(packet.topic)) {
          done(unsoundTopic(packet.topic));
          return;
        }
        // What a revoked client still sends is not heard. Its will is: it was left when the client was welcome, others learn
        // from it that the client is gone, and MQTT 3.1.1 §3.1.2.5 wants it published.
        const isWill = client !== null && packet === ((client as { will?: unknown }).will as typeof packet);
        const revoked = client !== null && !isWill && guestOf(client).reason?.code === 'CERT_REVOKED';
        const own = client === null || (!packet.topic.startsWith('$') && acl.mayPublish(who(client), packet.topic));
        // Refusing would cut the connection, and a device would come back with the same message for ever.
        if (!own || revoked) Object.assign(packet, { topic: NOWHERE, payload: Buffer.alloc(0), retain: false });
        else if (client && packet.retain) this.judgeRetained(client, packet as RetainedPacket);
        done(null);
      },
      // A filter may be wider than what the client may read: each message is judged when it is sent.
      authorizeSubscribe: (client, subscription, done) => {
        if (this.filters.take(client.id, subscription)) done(null, subscription);
        else if (this.refuseFilter(client)) done(null, null);
        else done(new Error('too many filters'));
      },
      authorizeForward: (client, packet) => {
        if (packet.topic === NOWHERE || !acl.mayReceive(who(client), packet.topic)) return null;
        if (packet.qos === 0 && this.outflow.isFull(client)) return null;
        // One with a number comes from what is kept.
        const handedOver = packet.qos > 0 && !client.clean && (packet as KeptPacket).messageId === undefined;
        return !handedOver || this.sessions.takes(client, packet) ? packet : null;
      },
    };
  }

  /** A client with a kept session has come or gone. */
  keepSession({ id, clean }: Client, isConnected: (clientId: string) => boolean): void {
    const identity = this.clientIds.ownerOf(id);
    if (clean || identity === undefined) return;
    this.clientIds.keep(id, true);
    this.sessions.remember(id, identity, isConnected).catch(() => undefined);
  }

  /** The client has gone; its id is free unless its session is kept. */
  release(client: Client): void {
    if (client.clean) this.filters.forget(client.id);
    this.clientIds.release(client.id, client);
  }

  private ended(clientId: string): void {
    this.clientIds.keep(clientId, false);
    this.filters.forget(clientId);
    this.incoming.forget(clientId);
  }

  /** Who publishes cannot be told, and the client is away. */
  private refuseToKeep(clientId: string): void {
    const identity = this.clientIds.ownerOf(clientId);
    const guest: Guest = { address: undefined, reason: tooMuchKept(clientId), ...(identity && { identity }) };
    this.options.refused(guest, clientId);
  }

  /** @returns false when the connection is not worth keeping */
  private refuseFilter(client: Client): boolean {
    const { guestOf, refused } = this.options;
    const count = (this.refusedFilters.get(client) ?? 0) + 1;
    this.refusedFilters.set(client, count);
    if (count === 1) refused({ ...guestOf(client), reason: tooManyFilters(client.id) }, client.id);
    return count <= MOST_FILTERS;
  }

  /** One that finds no room goes to those who are there, and is not retained. */
  private judgeRetained(client: Client, packet: RetainedPacket & { retain?: boolean }): void {
    const { guestOf, refused } = this.options;
    const guest = guestOf(client);
    // For the store, which is not told whose it is.
    packet.clientId = client.id;
    if (this.retained.hasRoom(guest.identity ?? '', packet)) return;
    packet.retain = false;
    if (this.refusedToRetain.has(client)) return;
    this.refusedToRetain.add(client);
    refused({ ...guest, reason: tooMuchRetained(client.id) }, client.id);
  }

  /** A message that would not be sent need not wait; of a client that is just coming in, each is judged when it is sent. */
  private mayKeep(clientId: string, topic: string): boolean {
    if (topic === NOWHERE) return false;
    const username = this.clientIds.ownerOf(clientId);
    return username === undefined || this.options.acl.mayReceive({ clientId, username }, topic);
  }

  private authenticate(client: Client, username: string | undefined, password: Buffer | undefined) {
    const { authority, security, users, guestOf, refused } = this.options;
    const guest = guestOf(client);
    const refuse = (returnCode: number, words: string, reason: CodedError) => {
      guest.reason = reason;
      refused(guest, client.id);
      return { returnCode, words };
    };
    // It may have been revoked since the handshake; a client may wait with its CONNECT, and leave a will with it.
    const fallen = guest.certificate && standingProblem(guest.certificate, authority);
    if (fallen) return refuse(NOT_AUTHORIZED, 'not authorized', fallen);
    if (security === 'mutual') {
      guest.identity = guest.certificate?.identity;
    } else if (users.accept(username, password)) {
      guest.identity = username;
    }
    if (guest.identity === undefined) {
      return refuse(BAD_USER_OR_PASSWORD, 'bad user name or password', wrongPassword(username));
    }
    const owner = this.clientIds.ownerOf(client.id) ?? this.namesakeOf(client.id, guest.identity);
    if (owner !== guest.identity) {
      // Else any client could throw out another one and receive the messages kept for it.
      return refuse(IDENTIFIER_REJECTED, 'identifier rejected', foreignClientId(client.id, guest.identity));
    }
    if (!this.clientIds.hasRoom(client.id, guest.identity)) {
      return refuse(SERVER_UNAVAILABLE, 'server unavailable', tooManyConnections(guest.identity));
    }
    guest.letIn?.();
    // One that has gone already would never be released.
    if (!client.conn.destroyed) this.clientIds.take(client.id, guest.identity, client);
    return undefined;
  }

  /** A name that somebody else is known by is not free for others, also when he has never been here. */
  private namesakeOf(clientId: string, identity: string): string {
    const { security, users, authority } = this.options;
    if (clientId === identity) return identity;
    if (security === 'server') return users.has(clientId) ? clientId : identity;
    try {
      return authority.find({ by: 'name', value: clientId }).commonName;
    } catch {
      return identity;
    }
  }
}
