import type { Duplex } from 'node:stream';
import type { Clock } from '../model/clock';
import { leaveStream, Nowhere } from '../mqtt/stream-farewell';
import type { CoreClient, CoreNode } from './core-internals';
import type { CarriedTls } from './core-tls-options';

/** Core drops what is published while it counts as disconnected; a new connection that takes longer has failed. */
const HANDOVER_LIMIT_MS = 5_000;

/** What became of a connection. */
export interface CoreConnectionNews {
  /** An attempt failed or a connection was lost; MQTT.js tries again by itself. */
  down: [{ error: (Error & { code?: unknown }) | undefined; wasConnected: boolean }];
  up: [];
  /** MQTT.js did not keep the server name (before 5.15.2 it takes the host instead). */
  servernameLost: [{ wanted: string; sent: string }];
}

export type CoreConnectionListener = <K extends keyof CoreConnectionNews>(
  what: K,
  ...news: CoreConnectionNews[K]
) => void;

/**
 * The MQTT.js client that core has at the moment: with which options its stream was made, what becomes of it, and how it
 * comes to newer ones.
 */
export class CoreConnection {
  private readonly madeFrom = new WeakMap<object, CarriedTls>();
  private followed: CoreClient | undefined;
  private stopFollowing: () => void = () => undefined;
  private handover: Promise<void> | undefined;
  /** The stream is being closed on purpose. */
  private leaving = false;

  /** @param carried what is in core's options now */
  constructor(
    private readonly node: CoreNode,
    private readonly clock: Clock,
    private readonly carried: () => CarriedTls | undefined,
    private readonly tell: CoreConnectionListener,
  ) {}

  /** With what its stream was made; undefined: with core's own options. */
  get madeWith(): CarriedTls | undefined {
    const { client } = this.node;
    return client && this.madeFrom.get(client.stream);
  }

  /** Follow the client that core has now. */
  follow(): void {
    const { client } = this.node;
    if (!client || client === this.followed) return;
    this.stopFollowing();
    this.followed = client;
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
        this.tell('up');
      },
      error: (problem: Error) => void (error = problem),
      close: () => {
        if (!this.leaving && !client.disconnecting) this.tell('down', { error, wasConnected });
        error = undefined;
        wasConnected = false;
      },
    };
    for (const [event, listener] of Object.entries(listeners)) client.on(event, listener as () => void);
    this.stopFollowing = () => {
      for (const [event, listener] of Object.entries(listeners)) client.off(event, listener as () => void);
      this.followed = undefined;
    };
  }

  unfollow(): void {
    this.stopFollowing();
  }

  /** To the options as they are now: by a handover when it is connected, else without waiting for MQTT.js. */
  async renew(): Promise<void> {
    const { client } = this.node;
    if (!client || client.disconnecting) return;
    if (client.connected) await (this.handover ??= this.handOver(client).finally(() => (this.handover = undefined)));
    else if (this.madeWith?.digest !== this.carried()?.digest) await this.tryNow(client);
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

  private note(client: CoreClient): void {
    const carried = this.carried();
    // A connection that was open before us has core's own options.
    if (carried && !client.connected) this.madeFrom.set(client.stream, carried);
  }

  private checkServername({ options }: CoreClient): void {
    const wanted = this.node.options.servername;
    const sent = options.servername;
    if (typeof wanted === 'string' && sent !== wanted) this.tell('servernameLost', { wanted, sent: String(sent) });
  }
}

function reconnect(client: CoreClient): void {
  const { incomingStore, outgoingStore } = client;
  client.reconnect({ incomingStore, outgoingStore });
}
