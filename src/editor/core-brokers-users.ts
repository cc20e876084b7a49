/** A config node as the editor keeps it. */
interface ConfigNode {
  id: string;
  type: string;
  /** The flow it is confined to. */
  z?: string;
  users: { id: string }[];
  coreBrokers?: unknown;
}

const OURS = 'secure-mqtt-broker-config';
const CORE = 'mqtt-broker';

/**
 * Let the core brokers that our settings drive count as their users: without them the editor would warn at each deploy
 * that nobody uses settings which the core nodes live by, and a person would delete them.
 */
export function countCoreBrokersAsUsers(): void {
  const count = (changed?: { type?: string }): void => {
    if (changed?.type === undefined || changed.type === OURS || changed.type === CORE) countAll();
  };
  // An import adds one node after the other: settings may come before or after the core broker.
  for (const event of ['flows:loaded', 'nodes:add', 'nodes:change', 'nodes:remove']) RED.events.on(event, count);
}

function countAll(): void {
  const nodes: ConfigNode[] = [];
  (RED.nodes as unknown as { eachConfig(callback: (node: ConfigNode) => void): void }).eachConfig((node) => {
    nodes.push(node);
  });
  const coreBrokers = nodes.filter(({ type }) => type === CORE);
  for (const settings of nodes.filter(({ type }) => type === OURS)) {
    // Of settings that are confined to a flow the editor takes users away that do not name them, and marks both as changed.
    const driven = !settings.z && Array.isArray(settings.coreBrokers) ? (settings.coreBrokers as unknown[]) : [];
    const others = settings.users.filter((user) => (user as Partial<ConfigNode>).type !== CORE);
    settings.users = [...others, ...coreBrokers.filter(({ id }) => driven.includes(id))];
  }
}
