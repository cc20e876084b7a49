import assert from 'node:assert/strict';
import type { NodeRedProcess } from './node-red-process';

/** Longer than any answer takes on a busy machine; a Node-RED that answers no more is a failure. */
const ANSWER_LIMIT_MS = 90_000;

/** Ask a route of the flow under soak; @returns its answer, given when the work is durable */
export async function askFlow(nodeRed: NodeRedProcess, what: string, payload: unknown): Promise<unknown> {
  const body = JSON.stringify(typeof payload === 'string' ? [payload] : payload);
  return readAnswer(what, await post(nodeRed, `soak/${what}`, body));
}

/** Ask an admin route of this package; @returns what it answers as JSON */
export async function askAdmin(nodeRed: NodeRedProcess, path: string, payload?: object): Promise<unknown> {
  if (payload) return readAnswer(path, await postAdmin(nodeRed, path, payload));
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  return readAnswer(path, await fetch(`${nodeRed.url}secure-mqtt/${path}`, { signal }));
}

/** The same for an answer that is a file. */
export async function downloadAdmin(nodeRed: NodeRedProcess, path: string, payload: object): Promise<Buffer> {
  const response = await postAdmin(nodeRed, path, payload);
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, `${path}: ${bytes.toString('latin1').slice(0, 500)}`);
  return bytes;
}

/** Deploy nodes as the editor does, with the credentials they hold; only what has changed is restarted. */
export async function deploy(nodeRed: NodeRedProcess, nodes: readonly Record<string, unknown>[]): Promise<void> {
  const response = await post(nodeRed, 'flows', JSON.stringify(nodes), {
    'Node-RED-API-Version': 'v1',
    'Node-RED-Deployment-Type': 'nodes',
  });
  assert.equal(response.status, 204, await response.text());
}

function postAdmin(nodeRed: NodeRedProcess, path: string, payload: object): Promise<Response> {
  return post(nodeRed, `secure-mqtt/${path}`, JSON.stringify(payload), { 'X-Secure-MQTT': '1' });
}

function post(nodeRed: NodeRedProcess, path: string, body: string, headers: object = {}): Promise<Response> {
  return fetch(`${nodeRed.url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
}

async function readAnswer(what: string, response: Response): Promise<unknown> {
  const text = await response.text();
  assert.equal(response.status, 200, `${what}: ${text}`);
  return text.startsWith('[') || text.startsWith('{') ? JSON.parse(text) : text;
}
