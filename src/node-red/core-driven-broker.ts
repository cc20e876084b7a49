import type { Node, NodeAPI } from 'node-red';
import type { Clock } from '../model/clock';
import type { SecureMqttBrokerConfig } from '../model/config/secure-mqtt-broker-config';
import { codedError, type CodedError } from '../model/errors';
import { openBrokerStream } from '../mqtt/broker-stream';
import { isDistrust, rotationFailed } from '../mqtt/connection-errors';
import { FailureNews } from '../mqtt/failure-news';
import { accepted, NotAccepted } from '../mqtt/stream-acceptance';
import { verificationWarning } from '../mqtt/verification-warning';
import type { TlsMaterialParts } from '../tls/tls-material';
import type { CoreBroker } from './core-broker';
import { coreTarget, type CoreBrokerSettings } from './core-broker-settings';
import { carriedTls, demandedPins, type CoreMaterial } from './core-carried-tls';
import { explainCoreFailure } from './core-failure';
import { coreTlsOptions } from './core-tls-config';
import { embeddedBrokerReady } from './embedded-broker';
import { asCodedError, fail, logLine } from './failure';

/** For TCP and TLS together. */
const OPEN_TIMEOUT_MS = 30_000;

/** One core broker while a secure-mqtt-broker-config drives it: what is carried when, and what is told of it. */
export class DrivenBroker {
  private carried: CoreMaterial | undefined;
  private readonly news = new FailureNews();
  /** The failure that was explained last; each attempt fails anew, and explaining opens a connection. */
  private explained = '';
  private warned = '';
  private readonly stop = new AbortController();

  /**
   * @param lost called when core's connection is down: its next attempt should find material as it is then
   */
  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly core: CoreBroker,
    private readonly settings: CoreBrokerSettings,
    private readonly config: SecureMqttBrokerConfig,
    private readonly clock: Clock,
    private readonly lost: () => void,
  ) {}

  isFor(core: CoreBroker, { tls }: CoreBrokerSettings): boolean {
    return this.core === core && this.settings.tls === tls;
  }

  private get isOurs(): boolean {
    return this.core.owner === this;
  }

  /** Take charge of the core broker; see {@link CoreBroker.hold}. */
  take(): void {
    const { core } = this;
    core.removeAllListeners();
    core.owner = this;
    core.on('up', () => {
      this.news.forget();
      this.explained = '';
    });
    core.on('down', ({ error, wasConnected }) => {
      this.lost();
      if (!wasConnected) void this.explain(error);
    });
    core.on('refused', (error) => this.tell(asCodedError(error)));
    core.on('servernameLost', ({ wanted, sent }) => this.warn(servernameLost(this.settings.label, wanted, sent)));
    core.hold(this.config.verifyServer !== false, demandedPins(this.config));
  }

  /**
   * Go on without new material: as it is, or with core's own options; where a pin is set, not at all.
   *
   * @param reason why there is none
   */
  letGo(reason: CodedError): void {
    if (!this.isOurs) return;
    if (this.core.isSealed) this.tell(heldByPin(reason));
    this.core.letGo();
  }

  /**
   * Carry a material.
   *
   * @param changed also a connection that was made with the same material begins anew: a revoked certificate may be
   *   the server's, and only a handshake tells
   */
  async use(material: TlsMaterialParts, { changed }: { changed: boolean }): Promise<void> {
    const { RED, core, settings, config, clock } = this;
    if (!this.isOurs) return;
    try {
      const carried = carriedTls(RED, settings, config, material, clock);
      // Before anything changes: a URL without TLS, a pin that core cannot enforce.
      carried.optionsFor(core.url);
      this.carried = carried;
      core.carry(carried);
      if (material.verifyServer === false) this.warn(notVerified(settings.label, core.url));
      const begins = !core.connected;
      if (begins) await embeddedBrokerReady(RED, coreTarget(core.url), clock);
      else if (core.uses(carried) && !changed) return;
      else if (!(await this.passes(carried))) return;
      if (this.isOurs && !this.stop.signal.aborted) await core.renew();
    } catch (error) {
      const failure = asCodedError(error);
      if (!core.isSealed) this.tell(failure);
      this.letGo(failure);
    }
  }

  /** The next owner takes it as it is. */
  pause(): void {
    this.stop.abort();
    if (this.isOurs) this.core.removeAllListeners();
  }

  /** Core's own settings again, unless somebody else has taken over. */
  release(): void {
    this.stop.abort();
    if (!this.isOurs) return;
    this.core.release((options) => Object.assign(options, this.ownOptions()));
  }

  private ownOptions(): object {
    try {
      return coreTlsOptions(this.RED, this.settings.tls);
    } catch {
      // Deleted with its broker: Node verifies by default.
      return {};
    }
  }

  /** Try the new material aside, so that what the broker would refuse interrupts nothing. */
  private async passes(carried: CoreMaterial): Promise<boolean> {
    const { core, clock } = this;
    const { signal } = this.stop;
    const options = {
      target: coreTarget(core.url),
      material: () => Promise.resolve(carried.materialFor(core.url)),
      timeoutMs: OPEN_TIMEOUT_MS,
      clock,
    };
    try {
      const { stream, explain } = await openBrokerStream(options, signal);
      await accepted(stream, clock, signal).catch(async (error: unknown) => {
        throw error instanceof NotAccepted ? await explain(error.reason) : error;
      });
      stream.destroy();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const failure = asCodedError(error);
      // The server must not be talked to any more: core finds out by itself.
      if (isDistrust(failure)) return true;
      this.tell(rotationFailed(failure));
      return false;
    }
  }

  private async explain(error: (Error & { code?: unknown }) | undefined): Promise<void> {
    const { core, carried, clock } = this;
    const reason = `${String(error?.code)} ${error?.message}`;
    if (!carried || reason === this.explained) return;
    this.explained = reason;
    const { url } = core;
    const material = carried.materialFor(url);
    const failure = await explainCoreFailure(error, url, {
      material,
      clock,
      timeoutMs: OPEN_TIMEOUT_MS,
      signal: this.stop.signal,
    });
    if (this.isOurs && !core.connected) this.tell(failure);
  }

  /** Once in each flow that uses the core broker, so that Catch nodes see it; each reason once. */
  private tell({ code, message, cause, hint }: CodedError): void {
    const { RED, node, core, settings } = this;
    const error = codedError(code, `core broker "${settings.label}": ${message}`, cause, hint);
    if (!this.isOurs || !this.news.isNews(error)) return;
    const byFlow = new Map([...core.users].reverse().map((user) => [user.z, user]));
    if (byFlow.size === 0) fail(RED, node, error);
    for (const user of byFlow.values()) fail(RED, user, error, {} as never);
  }

  private warn(text: string): void {
    if (text === this.warned) return;
    this.warned = text;
    this.node.warn(text);
  }
}

/** The same failure, with what it means for the connection. */
export function heldByPin({ code, message, cause, hint }: CodedError): CodedError {
  return codedError(
    code,
    `${message}; it stays disconnected, because a pin is set that cannot be checked`,
    cause,
    hint,
  );
}

function notVerified(label: string, url: string): string {
  const remark = verificationWarning('not-verified', url);
  return remark ? `core broker "${label}": ${logLine(remark)}` : '';
}

function servernameLost(label: string, wanted: string, sent: string): string {
  const remark = logLine(
    codedError(
      'TLS_SERVERNAME',
      `core's MQTT client sends the server name "${sent}" instead of "${wanted}"`,
      {},
      'The name is verified all the same; a server that chooses its certificate by that name needs a newer Node-RED',
    ),
  );
  return `core broker "${label}": ${remark}`;
}
