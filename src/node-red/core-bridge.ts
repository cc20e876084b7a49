import type { Node, NodeAPI } from 'node-red';
import type { Clock, Timer } from '../model/clock';
import { codedError, type CodedError } from '../model/errors';
import { BackOff } from '../mqtt/back-off';
import type { TlsMaterialParts } from '../tls/tls-material';
import type { BrokerSettings } from './broker-connection';
import { CoreBroker } from './core-broker';
import { coreBrokerSettings } from './core-broker-settings';
import { demandedPins } from './core-carried-tls';
import { DrivenBroker, heldByPin } from './core-driven-broker';
import { coreTlsOptions } from './core-tls-config';
import { asCodedError, fail, withHint } from './failure';
import { LivingMaterial } from './living-material';
import { WithheldBrokers } from './core-withheld-brokers';

/** What drives the core brokers of one secure-mqtt-broker-config; `close` lets go of every listener and timer. */
export interface CoreBridge {
  close(): void;
}

/**
 * Give the ticked core brokers the certificates and the verification of a secure-mqtt-broker-config: at every deploy,
 * whichever node starts first, and whenever the material changes. Undefined when none is ticked.
 *
 * Brokers that are there already are held at once, so that they do not connect with their own settings while ours are
 * read; the others, and those of a later deploy, when all nodes were made.
 */
export function bridgeCoreBrokers(
  RED: NodeAPI,
  node: Node,
  { config, credentials }: BrokerSettings,
  clock: Clock,
): CoreBridge | undefined {
  const ids = Array.isArray(config.coreBrokers) ? [...new Set(config.coreBrokers.map(String))] : [];
  return ids.length > 0 ? new Bridge(RED, node, { config, credentials }, ids, clock) : undefined;
}

class Bridge implements CoreBridge {
  private readonly driven = new Map<string, DrivenBroker>();
  private readonly material: LivingMaterial;
  private readonly withheld: WithheldBrokers;
  private readonly backOff = new BackOff({ random: Math.random });
  /** The last thing said of each core broker, and under '' of the material. */
  private readonly said = new Map<string, string>();
  private current: TlsMaterialParts | undefined;
  private reading: Promise<void> = Promise.resolve();
  private retry: Timer | undefined;
  private closed = false;
  private readonly onStarted = (): void => this.look({ complete: true });

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly settings: BrokerSettings,
    private readonly ids: readonly string[],
    private readonly clock: Clock,
  ) {
    const { config, credentials } = settings;
    this.withheld = new WithheldBrokers(RED, clock, demandedPins(config));
    this.material = new LivingMaterial({ RED }, config, credentials, clock, () => void this.read({ changed: true }));
    RED.events.on('flows:started', this.onStarted);
    this.look({ complete: false });
    void this.read({ changed: false });
  }

  /** The connections go on. Core gets its own settings back unless somebody takes over in this deploy. */
  close(): void {
    this.closed = true;
    this.material.close();
    this.retry?.cancel();
    const { RED } = this;
    RED.events.off('flows:started', this.onStarted);
    const left = [...this.driven.values()];
    for (const broker of left) broker.pause();
    if (left.length > 0) RED.events.once('flows:started', () => left.forEach((broker) => broker.release()));
    this.withheld.close();
  }

  /** @param complete all nodes of this deploy were made: what is missing now is missing */
  private look({ complete }: { complete: boolean }): void {
    for (const id of this.ids) {
      try {
        this.drive(id);
        if (complete) this.said.delete(id);
        this.withheld.forget(id);
      } catch (error) {
        this.driven.get(id)?.release();
        this.driven.delete(id);
        const failure = asCodedError(error);
        const isHeld = this.withheld.hold(id, failure);
        if (complete) this.say(id, isHeld ? heldByPin(failure) : failure);
      }
    }
  }

  /** @throws MQTT_CORE_SETTINGS, MQTT_CORE_CLAIMED, MQTT_CORE_UNKNOWN; INPUT_CONFIG for level "none" */
  private drive(id: string): void {
    const { RED, node, clock, driven } = this;
    const { config } = this.settings;
    if (config.security === 'none') throw nothingToCarry();
    const settings = coreBrokerSettings(RED, id, node.id);
    const running = RED.nodes.getNode(id) as unknown as Node | null;
    if (!running) throw notRunning(settings.label);
    // While nodes are being made the tls-config may still be missing.
    coreTlsOptions(RED, settings.tls);
    const core = CoreBroker.of(running, clock);
    const known = driven.get(id);
    if (known?.isFor(core, settings)) return;
    known?.pause();
    const broker = new DrivenBroker(RED, node, core, settings, config, clock, () => void this.read({ changed: false }));
    driven.set(id, broker);
    broker.take();
    if (this.current) void broker.use(this.current, { changed: false });
  }

  /** One reading at a time; a change that comes meanwhile is read after it. */
  private read(news: { changed: boolean }): Promise<void> {
    return (this.reading = this.reading.then(() => this.readNow(news)));
  }

  private async readNow(news: { changed: boolean }): Promise<void> {
    if (this.closed) return;
    this.retry?.cancel();
    try {
      this.current = await this.material.current();
      this.backOff.reset();
      this.said.delete('');
    } catch (error) {
      this.unreadable(asCodedError(error));
      return;
    }
    if (this.closed) return;
    const { current, driven } = this;
    await Promise.all([...driven.values()].map((broker) => broker.use(current, news)));
  }

  /**
   * Core stays as it is. What was not open yet opens with core's own options, at the level of verification asked for; with a
   * pin it stays disconnected.
   */
  private unreadable(error: CodedError): void {
    if (this.closed) return;
    this.say('', error);
    for (const broker of this.driven.values()) broker.letGo(error);
    this.retry = this.clock.setTimer(this.backOff.next(), () => void this.read({ changed: false }));
  }

  /** Once per change. */
  private say(id: string, error: CodedError): void {
    const words = withHint(error);
    if (this.said.get(id) === words) return;
    this.said.set(id, words);
    fail(this.RED, this.node, error);
  }
}

function notRunning(label: string): Error {
  const hint = 'Look into the log for why it did not start';
  return codedError('MQTT_CORE_SETTINGS', `the core broker "${label}" is not running`, { label }, hint);
}

function nothingToCarry(): Error {
  return codedError(
    'MQTT_CORE_SETTINGS',
    'core brokers are ticked, but these settings say "none" for security: there is nothing they could take over',
    { field: 'security', value: 'none' },
    'Choose another security level, or remove the ticks of the core brokers',
  );
}
