import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { migrate } from '../src/model/config/migration';
import { SECURE_MQTT_IN_DEFAULTS, type Datatype, type SecureMqttInConfig } from '../src/model/config/secure-mqtt-in';
import { toReceivedMessage } from '../src/mqtt/received-message';
import { brokerNode, showConnection, type SecureMqttBrokerNode } from '../src/node-red/broker-node';
import { fail } from '../src/node-red/failure';
import {
  IN_ACTIONS,
  level,
  readAction,
  readTopics,
  subscribeOptions,
  type DynamicSubscription,
} from '../src/node-red/topic-actions';

type ActionMessage = NodeMessageInFlow & Record<string, unknown>;

export = function secureMqttIn(RED: NodeAPI): void {
  function SecureMqttIn(this: Node, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);
    const subscribed = new Map<string, DynamicSubscription>();
    let broker: SecureMqttBrokerNode | undefined;

    const subscribe = async (used: SecureMqttBrokerNode, wish: DynamicSubscription, datatype: Datatype) => {
      const options = subscribeOptions(wish, used.protocolVersion);
      const { rh, rap } = options;
      // With what was not said, as the core node tells it.
      subscribed.set(wish.topic, used.protocolVersion === 5 ? { ...wish, rh, rap } : wish);
      await used.subscribe(wish.topic, this.id, options, (publish) => {
        try {
          this.send(toReceivedMessage(publish, wish.datatype ?? datatype) as never);
        } catch (error) {
          // The bytes go with the error, so that a Catch node can look at them.
          const { topic, payload, qos, retain } = publish;
          fail(RED, this, error, { topic, payload, qos, retain } as never);
          // One bad message is no state of the connection.
          showConnection(RED, this, used.state);
        }
      });
    };
    const unsubscribe = async (used: SecureMqttBrokerNode, topic: string) => {
      subscribed.delete(topic);
      await used.unsubscribe(topic, this.id);
    };

    /** A Complete node may look at them, as with the core node. */
    const tellComplete = (msg: ActionMessage): void => {
      msg.subscriptions = [...subscribed.values()];
    };

    const actions: Record<
      (typeof IN_ACTIONS)[number],
      (used: SecureMqttBrokerNode, msg: ActionMessage, config: SecureMqttInConfig) => Promise<boolean>
    > = {
      connect: async (used, msg) => {
        await used.connectByMessage(msg.broker);
        return false;
      },
      disconnect: async (used) => {
        await used.disconnectByMessage();
        return false;
      },
      subscribe: async (used, msg, config) => {
        const asked = readTopics(msg.topic).map((wish) => subscribe(used, wish, config.datatype));
        tellComplete(msg);
        await Promise.all(asked);
        return false;
      },
      unsubscribe: async (used, msg) => {
        // true: all that messages have subscribed.
        const topics =
          (msg.topic as unknown) === true ? [...subscribed.keys()] : readTopics(msg.topic).map((wish) => wish.topic);
        const asked = topics.map((topic) => unsubscribe(used, topic));
        tellComplete(msg);
        await Promise.all(asked);
        return false;
      },
      getSubscriptions: async (_used, msg) => {
        msg.topic = 'subscriptions';
        msg.payload = [...subscribed.values()];
        return true;
      },
    };

    try {
      const config = migrate({ ...definition }, SECURE_MQTT_IN_DEFAULTS);
      const used = brokerNode(RED, config.broker);
      broker = used;
      if (Number(config.inputs) === 1) {
        this.on('input', (msg, send, done) => {
          const message = msg as ActionMessage;
          Promise.resolve()
            .then(() => actions[readAction(message.action, IN_ACTIONS)](used, message, config))
            .then(
              (answer) => {
                if (answer) send(message);
                done();
              },
              (error: unknown) => fail(RED, this, error, msg, done),
            );
        });
      } else {
        const { nl, rap, rh } = config;
        const [wish] = readTopics({ topic: config.topic, qos: level(config.qos, 2), nl, rap, rh });
        subscribe(used, wish as DynamicSubscription, config.datatype).catch((error: unknown) =>
          fail(RED, this, error, {} as never),
        );
      }
      used.register(this);
    } catch (error) {
      fail(RED, this, error);
    }

    this.on('close', (removed: boolean, done: () => void) => {
      const used = broker;
      broker = undefined;
      const leave = async (): Promise<void> => {
        for (const topic of subscribed.keys()) await used?.unsubscribe(topic, this.id, { restarting: !removed });
        await used?.deregister(this, removed);
      };
      leave()
        .catch(() => undefined)
        .finally(done);
    });
  }

  RED.nodes.registerType('secure-mqtt-in', SecureMqttIn);
};
