import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { migrate } from '../src/model/config/migration';
import { SECURE_MQTT_OUT_DEFAULTS } from '../src/model/config/secure-mqtt-out';
import type { PublishOutcome } from '../src/mqtt/outbox';
import { toOutgoingPublish } from '../src/mqtt/outgoing-message';
import { brokerNode, showConnection, type SecureMqttBrokerNode } from '../src/node-red/broker-node';
import { fail } from '../src/node-red/failure';
import { OUT_ACTIONS, readAction } from '../src/node-red/topic-actions';

export = function secureMqttOut(RED: NodeAPI): void {
  function SecureMqttOut(this: Node, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);
    let broker: SecureMqttBrokerNode | undefined;

    try {
      const config = migrate({ ...definition }, SECURE_MQTT_OUT_DEFAULTS);
      const used = brokerNode(RED, config.broker);
      broker = used;
      const run = async (msg: NodeMessageInFlow & Record<string, unknown>): Promise<PublishOutcome> => {
        if (msg.action) {
          const action = readAction(msg.action, OUT_ACTIONS);
          await (action === 'connect' ? used.connectByMessage(msg.broker) : used.disconnectByMessage());
          return 'sent';
        }
        const publish = toOutgoingPublish(msg, config);
        return publish ? used.publish(publish) : 'sent';
      };
      this.on('input', (msg, _send, done) => {
        run(msg as never).then(
          (outcome) => {
            // A dropped message is not complete; the first one of a row is reported as an error, see Outbox.
            if (outcome === 'sent') done();
          },
          (error: unknown) => report(msg, error, done),
        );
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
