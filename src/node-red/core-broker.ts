import { EventEmitter } from 'node:events';
import type { Node } from 'node-red';
import type { Clock } from '../model/clock';
import { CoreConnection, type CoreConnectionListener, type CoreConnectionNews } from './core-connection';
import { requireCoreNode, type CoreNode, type CoreOptions } from './core-internals';
import { demandVerification, replaceTls, type CarriedTls } from './core-tls-options';

interface CoreBrokerEvents extends CoreConnectionNews {
  /** Options could not be made for the URL that core now has. */
  refused: [unknown];
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
  private readonly connection: CoreConnection;

  /**
   * @throws MQTT_CORE_UNKNOWN when the node is not what is known of core; nothing is changed then
   */
  static of(node: Node, clock: Clock): CoreBroker {
    const known = wrappers.get(node);
    if (known) return known;
    const made = new CoreBroker(requireCoreNode(node), clock);
    wrappers.set(node, made);
    return made;
  }

  private constructor(
    private readonly node: CoreNode,
    clock: Clock,
  ) {
    super();
    this.own = { setOptions: node.setOptions, connect: node.connect };
    const tell = this.emit.bind(this) as CoreConnectionListener;
    this.connection = new CoreConnection(node, clock, () => this.carried, tell);
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
    return this.connected && this.connection.madeWith?.digest === digest;
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
      this.connection.follow();
    };
    this.apply();
    if (this.runsUnpinned()) {
      this.park();
    } else if (node.client) {
      this.connection.follow();
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
    return this.isSealed || (client.connected && this.connection.madeWith?.pins !== this.demandedPins);
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
    this.connection.unfollow();
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

  /** Connect with the options that are carried: at once, and without dropping what flows publish meanwhile. */
  async renew(): Promise<void> {
    this.letGo();
    await this.connection.renew();
  }

  /**
   * Core's own options again, from its next connection on; a running one goes on.
   *
   * @param ownOptions puts them in; left out when ours never took their place
   */
  release(ownOptions?: (options: CoreOptions) => void): void {
    const { node, own } = this;
    this.owner = undefined;
    this.carried = undefined;
    this.demandedPins = '';
    this.connection.unfollow();
    this.removeAllListeners();
    Object.assign(node, own);
    for (const options of ownOptions ? this.optionSets() : []) {
      replaceTls(options, {});
      ownOptions?.(options);
    }
    this.letGo();
  }

  /** What the next client takes, and what the present one takes at its next attempt. */
  private optionSets(): CoreOptions[] {
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
    for (const options of this.optionSets()) demandVerification(options);
  }
}
