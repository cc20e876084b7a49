import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { freePort } from './free-port';
import { CHECKOUT } from './runtimes';

export type FlowNode = { id: string; type: string; name?: string; z?: string } & Record<string, unknown>;

const FOLDER = join(CHECKOUT, 'examples');

/** All examples, as `folder/file.json`, in the order of the import menu. */
export function exampleFiles(): string[] {
  return readdirSync(FOLDER)
    .flatMap((folder) => readdirSync(join(FOLDER, folder)).map((file) => `${folder}/${file}`))
    .sort();
}

/** The nodes of an example, by the number its file name begins with. */
export function exampleFlow(number: string): FlowNode[] {
  const file = exampleFiles().find((name) => basename(name).startsWith(`${number} - `));
  if (!file) throw new Error(`no example ${number} in ${FOLDER}`);
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as FlowNode[];
}

/**
 * The same flow on other ports: examples name the ports people know (8883), tests may not.
 *
 * @param ports from the port in the example to the one to use
 */
export function onPorts(flow: FlowNode[], ports: Record<number, number>): FlowNode[] {
  return flow.map((node) => {
    const moved = { ...node };
    if (typeof node.port === 'number') moved.port = ports[node.port] ?? node.port;
    if (typeof node.target === 'string') {
      moved.target = node.target.replace(/:(\d+)$/, (whole, port: string) =>
        ports[Number(port)] ? `:${ports[Number(port)]}` : whole,
      );
    }
    return moved;
  });
}

/** The same for a flow that names its ports also in lists, buttons and functions. */
export function withPorts(flow: FlowNode[], ports: ReadonlyMap<number, number>): FlowNode[] {
  const text = JSON.stringify(flow).replace(/\b\d{4}\b/g, (port) => String(ports.get(Number(port)) ?? port));
  return JSON.parse(text) as FlowNode[];
}

/** An example with a free port for each of its ports. */
export async function onFreePorts(number: string, ports: readonly number[]): Promise<FlowNode[]> {
  const free = new Map<number, number>();
  for (const port of ports) free.set(port, await freePort());
  return withPorts(exampleFlow(number), free);
}

/** The id of the node with a name; every node a test looks for has one of its own. */
export function idOf(flow: FlowNode[], name: string): string {
  const found = flow.filter((node) => node.name === name);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} nodes are named "${name}"`);
  return found[0].id;
}
