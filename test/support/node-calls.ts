import type { Node, NodeMessage } from 'node-red';

interface Calls {
  send: NodeMessage & { topic?: string };
  status: { fill: string; shape: string; text: string };
  error: { code?: string; message: string };
}

/** The spies of the test helper are those of all nodes at once. */
interface Spy {
  getCalls(): { thisValue: unknown; args: unknown[] }[];
}

/** With what a node has called a method of its own, first arguments only, in order. */
export function callsOf<Method extends keyof Calls>(node: Node, method: Method): Calls[Method][] {
  const spy = node[method] as unknown as Spy;
  return spy
    .getCalls()
    .filter(({ thisValue }) => thisValue === node)
    .map(({ args }) => args[0] as Calls[Method]);
}

/** The status that a node shows: `green: ready`. */
export function statusOf(node: Node): string {
  const { fill, text } = callsOf(node, 'status').at(-1) ?? { fill: 'none', text: '' };
  return `${fill}: ${text}`;
}

/** Wait until something holds, looking whenever the node has called one of its methods; the test's time limit ends a wait in vain. */
export function untilCalls(node: Node, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const events = ['call:send', 'call:status', 'call:error'];
    const look = (): void => {
      if (!holds()) return;
      for (const event of events) node.removeListener(event, look);
      resolve();
    };
    for (const event of events) node.on(event as never, look as never);
    look();
  });
}
