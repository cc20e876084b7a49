import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { Node } from 'node-red';
import type { Clock } from '../model/clock';
import { codedError, type CodedError } from '../model/errors';
import { leaveStream, Nowhere } from '../mqtt/stream-farewell';
import type { LibraryOptions } from '../tls/library-options';

/**
 * The only file that touches what core's mqtt-broker node and its MQTT.js client do not document. Read in
 * `@node-red/nodes/core/network/10-mqtt.js` of Node-RED 4.1.15 and 5.0.7 (the same file) and in MQTT.js 5.15.2; the
 * rows of {@link NODE_SHAPE} and {@link CLIENT_SHAPE} are everything that is relied on.
 */

/** What of a running core mqtt-broker node is used. */
interface CoreNode extends Node {
  /** Given to `mqtt.connect` at every {@link CoreNode.connect}. */
  options: Options;
  /** Fills `options`, at deploy and for `msg.broker` of a connect action; takes the TLS part from the tls-config. */
  setOptions(values: unknown, init?: boolean): void;
  connect(callback?: () => void): void;
  /** Ends the client with a DISCONNECT; core then has none. */
  disconnect(callback: () => void): void;
  brokerurl: string;
  connected: boolean;
  connecting: boolean;
  /** Core's mqtt in and mqtt out nodes by id. */
  users: Record<string, Node>;
  /** `false`: connects only when a message says so. */
  autoConnect?: unknown;
  client?: CoreClient;
}

/** What of its MQTT.js client is used. */
interface CoreClient extends EventEmitter {
  /** Read anew at every attempt to connect. */
  options: Options;
  connected: boolean;
  disconnecting: boolean;
  stream: Duplex;
  incomingStore: object;
  outgoingStore: object;
  reconnect(stores: { incomingStore: object; outgoingStore: object }): void;
}

type Options = Record<string, unknown>;
type Shape<T> = Partial<Record<keyof T & string, 'string' | 'boolean' | 'object' | 'function'>>;

const NODE_SHAPE: Shape<CoreNode> = {
  options: 'object',
  setOptions: 'function',
  connect: 'function',
  disconnect: 'function',
  brokerurl: 'string',
  connected: 'boolean',
  connecting: 'boolean',
  users: 'object',
};

const CLIENT_SHAPE: Shape<CoreClient> = {
  options: 'object',
  connected: 'boolean',
  disconnecting: 'boolean',
  stream: 'object',
  incomingStore: 'object',
  outgoingStore: 'object',
  reconnect: 'function',
};

/** Everything a tls-config sets on the options, and what we set instead. */
const TLS_OPTIONS = [
  ...['key', 'cert', 'ca', 'pfx', 'passphrase', 'servername', 'ALPNProtocols', 'rejectUnauthorized'],
  ...['secureContext', 'checkServerIdentity'],
];

/** Core drops what is published while it counts as disconnected; a new connection that takes longer has failed. */
const HANDOVER_LIMIT_MS = 5_000;

/** How the options for a URL are made; `digest` tells whether a running connection already uses them. */
export interface CarriedTls {
  digest: string;
  /** As {@link CoreBroker.hold} is told of them; '' for none. */
  pins: string;
  /** @throws for a URL that is not to be driven, for example one without TLS */
  optionsFor(url: string): LibraryOptions;
}

interface CoreBrokerEvents {
  /** A connection attempt failed or a connection was lost; MQTT.js tries again by itself. */
  down: [{ error: (Error & { code?: unknown }) | undefined; wasConnected: boolean }];
  up: [];
  /** Options could not be made for the URL that core now has. */
  refused: [unknown];
  /** MQTT.js did not keep the server name (before 5.15.2 it takes the host instead). */
  servernameLost: [{ wanted: string; sent: string }];
}

/** The wrapper of each core node, which outlives the node of ours that uses it: deploys change only the owner. */
const wrappers = new WeakMap<object, CoreBroker>();

/** A running core mqtt-broker node, with the TLS options of ours in place of those of its tls-config. */
export class CoreBroker extends EventEmitter<CoreBrokerEvents> {
  /** Who drives it; a node of ours that was deployed again takes over from its former self. */
  owner: object | undefined;
  private carried: CarriedTls | undefined;
  private floor = false;
  /** The pins that every connection must have been made with. */
  private demandedPins = '';
  /** What is carried was put into core's options. */
  private applied = false;
  private readonly own: Pick<CoreNode, 'setOptions' | 'connect'>;
  private readonly madeWith = new WeakMap<object, CarriedTls>();
  private watched: CoreClient | undefined;
  private stopWatching: () => void = () => undefined;
  private handover: Promise<void> | undefined;
  /** The stream is being closed on purpose. */
  private leaving = false;

  /**
   * @throws MQTT_CORE_UNKNOWN when the node is not what is known of core; nothing is changed then
   */
  static of(node: Node, clock: Clock): CoreBroker {
    const known = wrappers.get(node);
    if (known) return known;
    const core = node as CoreNode;
    requireShape(core, NODE_SHAPE, 'mqtt-broker node');
    if (core.client) requireShape(core.client, CLIENT_SHAPE, 'MQTT client');
    const made = new CoreBroker(core, clock);
    wrappers.set(node, made);
    return made;
  }

  private constructor(
    private readonly node: CoreNode,
    private readonly clock: Clock,
  ) {
    super();
    this.own = { setOptions: node.setOptions, connect: node.connect };
  }

  get url(): string {
    return this.node.brokerurl;
  }

  get id(): string {
    return this.node.id;
  }

  get connected(): boolean {
    return this.node.client?.connected === true;
  }

  /** The core nodes that use it. */
  get users(): Node[] {
    return Object.values(this.node.users);
  }

  /** True when the running connection was made with these options. */
  uses({ digest }: CarriedTls): boolean {
    const { client } = this.node;
    return client !== undefined && client.connected && this.madeWith.get(client.stream)?.digest === digest;
  }

  /** A pin is demanded that nothing of core's enforces: it does not connect. */
  get isSealed(): boolean {
    return this.demandedPins !== '' && !(this.applied && this.carried?.pins === this.demandedPins);
  }

  /**
   * Take charge: from now on it does not connect with less verification than `verify` says, and a connection that is
   * not open yet waits for {@link carry} or {@link letGo}.
   *
   * @param pins of our settings; core knows none, so with them it connects only with what was carried, and a connection
   *   that was made without them ends. '' for none
   */
  hold(verify: boolean, pins: string): void {
    const { node, own } = this;
    this.floor = verify;
    this.demandedPins = pins;
    node.setOptions = (...values) => {
      own.setOptions.apply(node, values);
      this.apply();
    };
    node.connect = (...values) => {
      if (this.isSealed) return this.park();
      own.connect.apply(node, values);
      this.watch();
    };
    this.apply();
    if (this.runsUnpinned()) {
      this.park();
    } else if (node.client) {
      this.watch();
      // An attempt that began before us, with core's own options.
      if (!node.client.connected && !this.carried) node.client.stream.destroy();
    } else if (node.autoConnect !== false && !node.connecting) {
      // Core then waits and shows "connecting".
      node.connecting = true;
    }
  }

  private runsUnpinned(): boolean {
    const { client } = this.node;
    if (this.demandedPins === '' || !client) return false;
    return this.isSealed || (client.connected && this.madeWith.get(client.stream)?.pins !== this.demandedPins);
  }

  /** Without a client, and counting as connecting, so that core does not begin by itself. */
  private park(): void {
    const { node } = this;
    const wait = (): void => {
      node.connecting = true;
      // Material may have come while the client was leaving.
      if (this.applied) this.letGo();
    };
    if (!node.client) return void (node.connecting = true);
    this.stopWatching();
    // One that is being made would still send its CONNECT.
    if (!node.client.connected) node.client.stream.destroy();
    node.disconnect(() => {
      delete node.client;
      wait();
    });
  }

  /**
   * Let a held connection go on: with what was carried, or with core's own options at the level of verification asked for.
   * One whose pins core cannot check stays held.
   */
  letGo(): void {
    const { node } = this;
    if (!node.connecting || node.client || this.isSealed) return;
    node.connecting = false;
    if (this.users.length > 0) node.connect();
  }

  /** Use these options from the next connection on; see {@link renew} for a running one. */
  carry(carried: CarriedTls): void {
    this.carried = carried;
    this.apply();
  }

  /** Connect with the options that are carried: by a handover when it is connected, else without waiting for MQTT.js. */
  async renew(): Promise<void> {
    this.letGo();
    const { client } = this.node;
    if (!client || client.disconnecting) return;
    if (client.connected) await (this.handover ??= this.handOver(client).finally(() => (this.handover = undefined)));
    else if (this.madeWith.get(client.stream)?.digest !== this.carried?.digest) await this.tryNow(client);
  }

  private async tryNow(client: CoreClient): Promise<void> {
    const { stream } = client;
    if (!stream.closed) {
      // MQTT.js must have heard of the end, or it would take it for the end of the new stream.
      const closed = new Promise((resolve) => stream.once('close', resolve));
      this.leaving = true;
      stream.destroy();
      await closed;
      this.leaving = false;
    }
    if (client.stream === stream && !client.disconnecting) reconnect(client);
  }

  /**
   * Core's own options again, from its next connection on; a running one goes on.
   *
   * @param ownOptions puts them in; left out when ours never took their place
   */
  release(ownOptions?: (options: Options) => void): void {
    const { node, own } = this;
    this.owner = undefined;
    this.carried = undefined;
    this.demandedPins = '';
    this.stopWatching();
    this.removeAllListeners();
    Object.assign(node, own);
    for (const options of ownOptions ? this.optionSets() : []) {
      replaceTls(options, {});
      ownOptions?.(options);
    }
    this.letGo();
  }

  /** What the next client takes, and what the present one takes at its next attempt. */
  private optionSets(): Options[] {
    const { options, client } = this.node;
    return client ? [options, client.options] : [options];
  }

  private apply(): void {
    const { carried, floor, node } = this;
    this.applied = false;
    if (carried) {
      try {
        const tls = carried.optionsFor(node.brokerurl);
        for (const options of this.optionSets()) replaceTls(options, tls);
        this.applied = true;
        return;
      } catch (error) {
        this.emit('refused', error);
      }
    }
    if (!floor) return;
    for (const options of this.optionSets()) {
      options.rejectUnauthorized = true;
      if (options.wsOptions) Object.assign(options.wsOptions, { rejectUnauthorized: true });
    }
  }

  /** Follow the client that core has now. */
  private watch(): void {
    const { client } = this.node;
    if (!client || client === this.watched) return;
    this.stopWatching();
    this.watched = client;
    this.note(client);
    let error: Error | undefined;
    let wasConnected = client.connected;
    const listeners = {
      // A new stream, made with the options as they are now.
      packetsend: ({ cmd }: { cmd: string }) => void (cmd === 'connect' && this.note(client)),
      connect: () => {
        error = undefined;
        wasConnected = true;
        this.checkServername(client);
        this.emit('up');
      },
      error: (problem: Error) => void (error = problem),
      close: () => {
        if (!this.leaving && !client.disconnecting) this.emit('down', { error, wasConnected });
        error = undefined;
        wasConnected = false;
      },
    };
    for (const [event, listener] of Object.entries(listeners)) client.on(event, listener as () => void);
    this.stopWatching = () => {
      for (const [event, listener] of Object.entries(listeners)) client.off(event, listener as () => void);
      this.watched = undefined;
    };
  }

  private note(client: CoreClient): void {
    // A connection that was open before us has core's own options.
    if (this.carried && !client.connected) this.madeWith.set(client.stream, this.carried);
  }

  private checkServername({ options }: CoreClient): void {
    const wanted = this.node.options.servername;
    const sent = options.servername;
    if (typeof wanted === 'string' && sent !== wanted) {
      this.emit('servernameLost', { wanted, sent: String(sent) });
    }
  }

  /**
   * Leave the broker with a DISCONNECT, so that the will stays unsent, and come back with the same client: its stores
   * keep what is not acknowledged (QoS 1 and 2). Core would count as disconnected meanwhile and drop what flows
   * publish; it is told so only when coming back fails, and MQTT.js keeps the messages.
   */
  private async handOver(client: CoreClient): Promise<void> {
    const { node, clock } = this;
    this.leaving = true;
    await leaveStream(client.stream, {
      clock,
      established: true,
      silence: () => {
        client.connected = false;
        client.stream = new Nowhere() as unknown as Duplex;
      },
    });
    this.leaving = false;
    if (client.disconnecting || node.client !== client) return;
    node.connected = true;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        limit.cancel();
        client.off('connect', settle);
        client.off('close', failed);
        resolve();
      };
      const failed = (): void => {
        settle();
        if (!client.connected) node.connected = false;
      };
      const limit = clock.setTimer(HANDOVER_LIMIT_MS, failed);
      client.on('connect', settle);
      client.on('close', failed);
      reconnect(client);
    });
  }
}

function reconnect(client: CoreClient): void {
  const { incomingStore, outgoingStore } = client;
  client.reconnect({ incomingStore, outgoingStore });
}

/** The TLS part of MQTT.js options; over WebSockets it is read from `wsOptions`. */
function replaceTls(options: Options, tls: LibraryOptions): void {
  for (const name of TLS_OPTIONS) delete options[name];
  Object.assign(options, tls);
  const wsOptions: Options = { ...(options.wsOptions as Options | undefined) };
  for (const name of TLS_OPTIONS) delete wsOptions[name];
  Object.assign(wsOptions, tls);
  if (Object.keys(wsOptions).length > 0) options.wsOptions = wsOptions;
  else delete options.wsOptions;
}

function requireShape<T extends object>(object: T, shape: Shape<T>, what: string): void {
  const found = object as Record<string, unknown>;
  const lacking = Object.entries(shape).filter(
    ([field, type]) => typeof found[field] !== type || found[field] === null,
  );
  if (lacking.length > 0)
    throw unknownCore(
      what,
      lacking.map(([field]) => field),
    );
}

function unknownCore(what: string, lacking: string[]): CodedError {
  return codedError(
    'MQTT_CORE_UNKNOWN',
    `core's ${what} has no ${lacking.join(', ')} in this version of Node-RED, so its certificates cannot be driven`,
    { what, lacking },
    'Core keeps the certificates of its own tls-config; use "secure mqtt in" and "secure mqtt out", or update this package',
  );
}
