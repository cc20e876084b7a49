import type { Node, NodeAPI, NodeDef } from 'node-red';
import { systemClock } from '../src/model/clock';
import { migrate } from '../src/model/config/migration';
import {
  SECURE_MQTT_BROKER_DEFAULTS,
  type SecureMqttBrokerCredentials,
} from '../src/model/config/secure-mqtt-broker-config';
import { codedError, type CodedError, type Warning } from '../src/model/errors';
import { shownValue } from '../src/model/shown-value';
import type { ConnectionState } from '../src/mqtt/connection-state';
import { verificationWarning } from '../src/mqtt/verification-warning';
import { registerAdminRoutes } from '../src/node-red/admin-routes';
import {
  connectedOrFailed,
  makeBrokerConnection,
  type BrokerConnection,
  type BrokerSettings,
} from '../src/node-red/broker-connection';
import type { SecureMqttBrokerNode } from '../src/node-red/broker-node';
import { brokerProbeOptions } from '../src/node-red/broker-probe';
import { readOverrides, type BrokerOverrides } from '../src/node-red/broker-overrides';
import { overridden, sessionOptionsOf, targetOf } from '../src/node-red/broker-settings';
import { BrokerUsers } from '../src/node-red/broker-users';
import { withholdCoreBrokers } from '../src/node-red/core-withheld-brokers';
import { bridgeCoreBrokers, type CoreBridge } from '../src/node-red/core-bridge';
import { deployedSettings } from '../src/node-red/environment';
import { asCodedError, fail, logLine } from '../src/node-red/failure';
import { formatTarget } from '../src/tls/target';

/** A node that is deployed again is back within this time. */
const RESTART_MS = 5_000;

export = function secureMqttBrokerConfig(RED: NodeAPI): void {
  function SecureMqttBroker(
    this: SecureMqttBrokerNode & Node<SecureMqttBrokerCredentials>,
    definition: NodeDef & Record<string, unknown>,
  ): void {
    RED.nodes.createNode(this, definition);
    const users = new BrokerUsers(RED);
    let overrides: BrokerOverrides | undefined;
    let broker: BrokerConnection | undefined;
    let coreBridge: CoreBridge | undefined;
    let broken: CodedError | undefined;

    const settings = (changes = overrides): BrokerSettings =>
      overridden(
        deployedSettings(RED, this, migrate({ ...definition }, SECURE_MQTT_BROKER_DEFAULTS)),
        this.credentials ?? {},
        changes,
      );
    const notRunning = (): CodedError =>
      broken ?? codedError('MQTT_NOT_CONNECTED', 'the broker settings are being stopped');
    const connection = (): BrokerConnection['connection'] => {
      if (broker) return broker.connection;
      throw notRunning();
    };
    const state = (): ConnectionState =>
      broker?.connection.state ?? { phase: 'disconnected', waiting: 0, ...(broken ? { failure: broken } : {}) };

    try {
      // Before anything else: the core brokers must not begin with less.
      coreBridge = bridgeCoreBrokers(RED, this, settings(), systemClock);
      broker = makeBrokerConnection(RED, settings, sayOnce(this));
      report(RED, this, broker, users, () => targetText(settings().config));
    } catch (error) {
      broken = fail(RED, this, error);
      coreBridge ??= withholdCoreBrokers(RED, this, definition.coreBrokers, broken, systemClock);
    }

    Object.defineProperties(this, {
      state: { get: state },
      identityPem: { get: () => broker?.identityPem },
      protocolVersion: { get: () => (String(definition.protocolVersion) === '5' ? 5 : 4) },
    });
    this.register = (user) => {
      users.add(user, state());
      broker?.connection.connect();
    };
    this.deregister = async (user, removed) => {
      users.remove(user);
      if (removed && users.count === 0) await broker?.connection.disconnect();
      // A node that is deployed again comes back at once; one that went to another broker does not.
      else systemClock.setTimer(RESTART_MS, () => void (users.count === 0 && broker?.connection.disconnect()));
    };
    this.publish = (publish, settled) => {
      if (broker) broker.connection.enqueue(publish, settled);
      else settled(notRunning(), undefined);
    };
    this.subscribe = async (...subscription) => connection().subscribe(...subscription);
    this.unsubscribe = async (...subscription) => broker?.connection.unsubscribe(...subscription);
    this.disconnectByMessage = async () => connection().disconnect();
    this.connectByMessage = async (wanted) => {
      const wish = readOverrides(wanted);
      const running = connection().state.phase !== 'disconnected';
      if (running && !wish.force && wish.overrides) throw alreadyConnected();
      // Before anything changes: what cannot work leaves the connection as it is.
      checkSettings(settings(wish.overrides ?? overrides));
      if (running && wish.force) await connection().disconnect();
      overrides = wish.overrides ?? overrides;
      await connectedOrFailed(connection());
    };
    this.probeOptions = async () => brokerProbeOptions(RED, settings());

    this.on('close', (done: () => void) => {
      coreBridge?.close();
      const ending = broker;
      broker = undefined;
      Promise.resolve(ending?.close())
        .catch((error: unknown) => this.warn(logLine(asCodedError(error))))
        .finally(() => {
          users.close();
          done();
        });
    });
  }

  registerAdminRoutes(RED);
  RED.nodes.registerType('secure-mqtt-broker-config', SecureMqttBroker as never, {
    credentials: {
      username: { type: 'password' },
      password: { type: 'password' },
      passphrase: { type: 'password' },
      keyPem: { type: 'password' },
    },
  });
};

/** Everything the connection tells: status and errors of the users, lines of the log. */
function report(RED: NodeAPI, node: Node, { connection }: BrokerConnection, users: BrokerUsers, target: () => string) {
  let warnedOf: string | undefined;
  let connected = false;
  connection.on('state', ({ phase, verification }) => {
    users.show(() => connection.state);
    if (phase === 'connected' && !connected) {
      node.log(`connected to ${target()}`);
      const remark = verification && verificationWarning(verification, target());
      // Said once, not at every reconnect.
      if (remark && remark.message !== warnedOf) node.warn(logLine(remark));
      warnedOf = remark?.message;
    } else if (phase === 'disconnected') {
      node.log(`disconnected from ${target()}`);
    }
    connected = phase === 'connected';
  });
  connection.on('failure', (error) => {
    if (!users.report(error)) fail(RED, node, error);
    users.show(() => connection.state);
  });
  connection.on('refused', (error, owners) => {
    for (const owner of owners) {
      const user = users.get(owner);
      if (user) fail(RED, user, error, {} as never);
    }
  });
  connection.on('warning', (remark) => node.warn(logLine(remark)));
}

/** A remark about the material, such as a weak key store: once, not at every attempt to connect. */
function sayOnce(node: Node): (remark: Warning) => void {
  const said = new Set<string>();
  return (remark) => {
    const text = logLine(remark);
    if (!said.has(text)) node.warn(text);
    said.add(text);
  };
}

/** @throws INPUT_* */
function checkSettings({ config, credentials }: BrokerSettings): void {
  targetOf(config);
  sessionOptionsOf(config, credentials);
}

/** For the log, which must not fail in an event of the connection. */
function targetText(config: BrokerSettings['config']): string {
  try {
    return formatTarget(targetOf(config));
  } catch {
    return shownValue(config.broker);
  }
}

function alreadyConnected(): CodedError {
  return codedError(
    'INPUT_OVERRIDE',
    'msg.broker changes the connection while it is running',
    { field: 'broker' },
    'Disconnect first, or add force: true to msg.broker',
  );
}
