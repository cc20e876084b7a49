import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';

helper.init(require.resolve('node-red'));

export type NodeModule = (RED: NodeAPI) => void;
type FlowNode = { id: string; type: string } & Record<string, unknown>;

/** A message or a failure, whichever came. */
export interface Outcome {
  payload?: unknown;
  error?: { code: string; message: string; cause: Record<string, unknown>; hint?: string };
}

/** Flows of a test in a Node-RED runtime of their own, with a user directory that goes with them. */
export class Flows {
  private constructor(readonly userDir: string) {}

  static async start(
    modules: NodeModule[],
    nodes: FlowNode[],
    credentials: Record<string, unknown> = {},
    userDir?: string,
  ): Promise<Flows> {
    const flows = new Flows(userDir ?? (await mkdtemp(path.join(tmpdir(), 'secure-mqtt-flows-'))));
    helper.settings({ userDir: flows.userDir, credentialSecret: randomBytes(8).toString('hex') } as never);
    await helper.load(modules as never, nodes as never, credentials);
    return flows;
  }

  node<T extends Node = Node>(id: string): T {
    const node = helper.getNode(id) as unknown as T | null;
    if (!node) throw new Error(`no node ${id} is running`);
    return node;
  }

  /** Deploy other nodes in their place; the kinds are those of the deploy button. */
  async deploy(
    nodes: FlowNode[],
    kind: 'full' | 'flows' | 'nodes',
    credentials?: Record<string, unknown>,
  ): Promise<void> {
    try {
      await helper.setFlows(nodes, kind, credentials);
    } catch (error) {
      // The helper waits 300 ms for the start of the flows, which may be over before or take longer.
      if (!/timeout waiting event/.test(String(error))) throw error;
    }
  }

  /** Send a message into a node and wait for what it sends or for its error. */
  send(id: string, msg: Partial<NodeMessage>, outputId: string): Promise<Outcome> {
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        this.node(outputId).removeListener('input', onInput);
        this.node(id).removeListener('call:error', onError);
        resolve(outcome);
      };
      const onInput = (received: { payload: unknown }) => settle({ payload: received.payload });
      const onError = (call: { args: [Outcome['error']] }) => settle({ error: call.args[0] });
      this.node(outputId).on('input', onInput as never);
      this.node(id).on('call:error' as never, onError as never);
      this.node(id).receive(msg as never);
    });
  }

  /** Stop the flows; the user directory is removed unless it is to be used again. */
  async stop(options: { keepUserDir?: boolean } = {}): Promise<void> {
    await helper.unload();
    if (!options.keepUserDir) await rm(this.userDir, { recursive: true, force: true });
  }
}
