import { EventEmitter } from 'node:events';
import type { CodedError } from '../model/errors';
import { BackOff } from './back-off';
import { Bell } from './bell';
import { asCodedError, connectionLost, isDistrust, rotationFailed } from './connection-errors';
import type {
  ConnectionEvents,
  ConnectionOptions,
  ConnectionPhase,
  ConnectionState,
  OpenedStream,
  Verification,
} from './connection-state';
import { FailureNews } from './failure-news';
import { asPromise, Outbox, type PublishOutcome, type Settled } from './outbox';
import type { OutgoingPublish } from './outgoing-message';
import { MqttSession } from './session';
import { StreamClosed, type SessionClosed } from './session-errors';
import { Subscriber, type Receiver } from './subscriber';
import { whenSettled } from './session-settled';
import { accepted, NotAccepted } from './stream-acceptance';
import type { SubscribeOptions } from './subscriptions';

/**
 * A connection to a broker, wanted from {@link connect} to {@link disconnect}: connects, says why it cannot,
 * retries, keeps messages meanwhile, subscribes again, and changes to new certificates while it runs.
 */
export class SecureMqttConnection extends EventEmitter<ConnectionEvents> {
  private readonly outbox: Outbox;
  private readonly subscriber: Subscriber;
  private readonly backOff: BackOff;
  /** Rings when the loop has to look what happened: lost, new material, time to retry, stop. */
  private readonly bell = new Bell();
  private phase: ConnectionPhase = 'disconnected';
  private verification: Verification = 'not-verified';
  private failure: CodedError | undefined;
  private readonly news = new FailureNews();
  private session: MqttSession | undefined;
  private stop: AbortController | undefined;
  private running: Promise<void> = Promise.resolve();
  private materialIsNew = false;
  private lost: SessionClosed | undefined;
  private connectedSince = 0;

  constructor(private readonly options: ConnectionOptions) {
    super();
    this.outbox = new Outbox(options.queueLimit, (warning) => this.emit('warning', warning));
    this.subscriber = new Subscriber(options.clock);
    this.backOff = new BackOff(options);
  }

  get state(): ConnectionState {
    return {
      phase: this.phase,
      waiting: this.outbox.waiting,
      ...(this.phase === 'connected' ? { verification: this.verification } : {}),
      ...(this.failure ? { failure: this.failure } : {}),
    };
  }

  get connected(): boolean {
    return this.phase === 'connected';
  }

  /** Be connected from now on; harmless when it is so already. */
  connect(): void {
    if (this.stop) return;
    const stop = new AbortController();
    this.stop = stop;
    this.backOff.reset();
    this.news.forget();
    this.running = this.running.then(() => this.run(stop.signal));
  }

  /** The close message, DISCONNECT, and no retry. What waits to be sent goes on waiting. */
  async disconnect(): Promise<void> {
    const { stop, session } = this;
    this.stop = undefined;
    if (stop && session?.connected) {
      if (this.options.close) session.publish(this.options.close, () => undefined);
      await whenSettled(session, this.options.clock);
    }
    stop?.abort();
    this.bell.ring();
    await this.running;
  }

  /** Disconnect for good: what waits to be sent fails. */
  async close(): Promise<void> {
    await this.disconnect();
    this.outbox.giveUp();
    this.removeAllListeners();
  }

  /** See {@link Outbox.publish}. */
  enqueue(publish: OutgoingPublish, settled: Settled): void {
    this.outbox.publish(publish, settled);
    // The status shows how many wait.
    if (!this.connected) this.emit('state', this.state);
  }

  /** The same as a promise. */
  publish(publish: OutgoingPublish): Promise<PublishOutcome | undefined> {
    return asPromise((settled) => this.enqueue(publish, settled));
  }

  /** See {@link Subscriber.add}. */
  subscribe(filter: string, owner: string, options: SubscribeOptions, receive: Receiver): Promise<void> {
    return this.subscriber.add(filter, owner, options, receive);
  }

  /** See {@link Subscriber.remove} and {@link Subscriber.release}. */
  async unsubscribe(filter: string, owner: string, options?: { restarting: boolean }): Promise<void> {
    if (options?.restarting) this.subscriber.release(filter, owner);
    else await this.subscriber.remove(filter, owner);
  }

  /**
   * The material has changed: use it. A running connection goes on until a new one has passed the TLS handshake,
   * so that a broken certificate file interrupts nothing; a waiting retry happens now.
   */
  renewMaterial(): void {
    this.materialIsNew = true;
    this.bell.ring();
  }

  private async run(stop: AbortSignal): Promise<void> {
    let session: MqttSession | undefined;
    while (!stop.aborted) {
      try {
        this.enter('connecting');
        session ??= this.newSession();
        this.materialIsNew = false;
        await this.begin(session, await this.options.open(stop), stop, { birth: true });
        await this.whileConnected(session, stop);
      } catch (error) {
        if (!stop.aborted) await this.retryLater(asCodedError(error), stop);
      }
    }
    this.session = undefined;
    this.pauseTraffic();
    await session?.end();
    this.failure = undefined;
    this.enter('disconnected');
  }

  private newSession(): MqttSession {
    const session = new MqttSession({ ...this.options.session(), clock: this.options.clock });
    session.on('message', (publish) => this.subscriber.deliver(publish));
    session.on('room', () => this.outbox.flush());
    session.on('closed', (closed) => {
      this.lost = closed;
      this.pauseTraffic();
      this.bell.ring();
    });
    this.session = session;
    return session;
  }

  /** From CONNECT to the moment where messages flow. */
  private async begin(
    session: MqttSession,
    opened: OpenedStream,
    stop: AbortSignal,
    { birth }: { birth: boolean },
  ): Promise<void> {
    const abandon = (): void => void opened.stream.destroy();
    if (stop.aborted) abandon();
    stop.addEventListener('abort', abandon, { once: true });
    try {
      const { sessionPresent } = await session.begin(opened.stream);
      this.lost = undefined;
      this.verification = opened.verification;
      this.failure = undefined;
      this.news.forget();
      this.connectedSince = this.options.clock.now();
      this.subscriber.open(session, sessionPresent, (error, owners) =>
        this.emit('refused', asCodedError(error), owners),
      );
      if (birth && this.options.birth) session.publish(this.options.birth, () => undefined);
      this.outbox.open(session);
      this.enter('connected');
    } catch (error) {
      throw error instanceof StreamClosed && !stop.aborted ? await opened.explain(error.streamError) : error;
    } finally {
      stop.removeEventListener('abort', abandon);
    }
  }

  /** Ends when it is to stop; throws why the connection was lost. */
  private async whileConnected(session: MqttSession, stop: AbortSignal): Promise<void> {
    for (;;) {
      await this.bell.wait();
      if (stop.aborted) return;
      if (this.lost) throw this.whyLost(this.lost);
      if (this.materialIsNew) await this.rotate(session, stop);
    }
  }

  /** Make before break: each side has accepted the other on the new stream before the old one is left. */
  private async rotate(session: MqttSession, stop: AbortSignal): Promise<void> {
    this.materialIsNew = false;
    let opened;
    try {
      opened = await this.options.open(stop);
      await accepted(opened.stream, this.options.clock, stop);
    } catch (error) {
      const failure = asCodedError(error instanceof NotAccepted ? await opened?.explain(error.reason) : error);
      if (!stop.aborted && isDistrust(failure)) {
        await session.leave();
        throw failure;
      }
      if (!stop.aborted) this.emit('failure', rotationFailed(failure));
      return;
    }
    this.pauseTraffic();
    await whenSettled(session, this.options.clock);
    // Lost meanwhile: the broker has published the will, and the birth message takes it back.
    const birth = !session.connected;
    await session.leave();
    await this.begin(session, opened, stop, { birth });
  }

  private async retryLater(failure: CodedError, stop: AbortSignal): Promise<void> {
    this.pauseTraffic();
    this.failure = failure;
    this.enter('waiting');
    if (this.news.isNews(failure)) this.emit('failure', failure);
    const timer = this.options.clock.setTimer(this.backOff.next(), () => this.bell.ring());
    // What rang for the attempt that failed does not shorten the wait; new material does, it may mend the failure.
    this.bell.hush();
    if (!stop.aborted && !this.materialIsNew) await this.bell.wait();
    timer.cancel();
  }

  private whyLost({ reason, streamError }: SessionClosed): CodedError {
    this.backOff.ended(this.options.clock.now() - this.connectedSince);
    return reason ?? connectionLost(streamError);
  }

  private pauseTraffic(): void {
    this.outbox.shut();
    this.subscriber.shut();
  }

  private enter(phase: ConnectionPhase): void {
    this.phase = phase;
    this.emit('state', this.state);
  }
}
