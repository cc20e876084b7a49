import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { migrate } from '../src/model/config/migration';
import { SECURE_MQTT_OUT_DEFAULTS } from '../src/model/config/secure-mqtt-out';
import { toOutgoingPublish } from '../src/mqtt/outgoing-message';
import { brokerNode, showConnection, type SecureMqttBrokerNode } from '../src/node-red/broker-node';
import { fail } from '../src/node-red/failure';
import { OUT_ACTIONS, readAction } from '../src/node-red/topic-actions';

type FlowMessage = NodeMessageInFlow & Record<string, unknown>;

export = function secureMqttOut(RED: NodeAPI): void {
  function SecureMqttOut(this: Node, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);
    let broker: SecureMqttBrokerNode | undefined;

    try {
      const config = migrate({ ...definition }, SECURE_MQTT_OUT_DEFAULTS);
      const used = brokerNode(RED, config.broker);
      broker = used;
      this.on('input', (msg, _send, done) => {
        const message = msg as FlowMessage;
        const failed = (error: unknown): void => report(msg, error, done);
        if (message.action) {
          act(used, message).then(() => done(), failed);
          return;
        }
        let publish;
        try {
          publish = toOutgoingPublish(message, config, used.protocolVersion);
        } catch (error) {
          failed(error);
          return;
        }
        if (publish === undefined) {
          done();
          return;
        }
        used.publish(publish, (error, outcome) => {
          if (error) failed(error);
          // A dropped message is not complete; the first one of a row is reported as an error, see Outbox.
          else if (outcome === 'sent') done();
        });
      });
      used.register(this);
    } catch (error) {
      fail(RED, this, error);
    }

    /** The status goes on to show the connection: a bad message is no state of it. */
    const report = (msg: NodeMessageInFlow, error: unknown, done: (error?: Error) => void): void => {
      fail(RED, this, error, msg, done);
      if (broker) showConnection(RED, this, broker.state);
    };

    this.on('close', (removed: boolean, done: () => void) => {
      const used = broker;
      broker = undefined;
      Promise.resolve(used?.deregister(this, removed))
        .catch(() => undefined)
        .finally(done);
    });
  }

  RED.nodes.registerType('secure-mqtt-out', SecureMqttOut);
};

/** @throws INPUT_PAYLOAD for an unknown action; what the action fails with */
async function act(broker: SecureMqttBrokerNode, msg: FlowMessage): Promise<void> {
  const action = readAction(msg.action, OUT_ACTIONS);
  await (action === 'connect' ? broker.connectByMessage(msg.broker) : broker.disconnectByMessage());
}
