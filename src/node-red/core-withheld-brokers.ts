import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../model/clock';
import type { CodedError } from '../model/errors';
import type { CoreBridge } from './core-bridge';
import { CoreBroker } from './core-broker';
import { writtenSettings } from './environment';
import { showFailure } from './failure';

/** Core brokers that cannot be driven while a pin is set for them: nobody else would check it, so they do not connect. */
export class WithheldBrokers {
  private readonly held = new Map<string, CoreBroker>();

  /** @param pins '' for none: then nothing is held */
  constructor(
    private readonly RED: NodeAPI,
    private readonly clock: Clock,
    private readonly pins: string,
  ) {}

  /**
   * @param reason why it cannot be driven
   * @returns false when it goes its own way: without a pin, driven by other settings, not running, or of an unknown kind
   */
  hold(id: string, reason: CodedError): boolean {
    const running = this.RED.nodes.getNode(id) as unknown as Node | null;
    if (this.pins === '' || reason.code === 'MQTT_CORE_CLAIMED' || running?.type !== 'mqtt-broker') return false;
    let core: CoreBroker;
    try {
      core = CoreBroker.of(running, this.clock);
    } catch {
      return false;
    }
    core.removeAllListeners();
    core.owner = this;
    core.hold(false, this.pins);
    this.held.set(id, core);
    for (const user of core.users) showFailure(this.RED, user, reason);
    return true;
  }

  /** Somebody drives it now. */
  forget(id: string): void {
    this.held.delete(id);
  }

  /** Core's own way again, unless somebody takes over in this deploy. */
  close(): void {
    const left = [...this.held.values()];
    if (left.length === 0) return;
    this.RED.events.once('flows:started', () => {
      for (const core of left) if (core.owner === this) core.release();
    });
  }
}

/**
 * Hold the ticked core brokers of settings that cannot be read at all, when a pin is written in them.
 *
 * @param coreBrokers ids, as the definition of `node` has them
 * @returns undefined when there is nothing to hold
 */
export function withholdCoreBrokers(
  RED: NodeAPI,
  node: Node,
  coreBrokers: unknown,
  reason: CodedError,
  clock: Clock,
): CoreBridge | undefined {
  // The running node no longer knows of a pin whose variable is empty.
  const { pin, security } = writtenSettings(RED, node);
  if (
    !Array.isArray(coreBrokers) ||
    coreBrokers.length === 0 ||
    typeof pin !== 'string' ||
    pin.trim() === '' ||
    security === 'none'
  )
    return undefined;
  const withheld = new WithheldBrokers(RED, clock, pin);
  const look = (): void => coreBrokers.forEach((id) => withheld.hold(String(id), reason));
  RED.events.on('flows:started', look);
  look();
  return {
    close: () => {
      RED.events.off('flows:started', look);
      withheld.close();
    },
  };
}
