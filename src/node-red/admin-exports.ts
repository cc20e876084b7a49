import type { NodeAPI } from 'node-red';
import type { ZipSource } from '../export/zip';
import { codedError } from '../model/errors';
import { downloadAnswer } from './admin-answer';
import { guard } from './admin-guard';

/**
 * Routes below `/secure-mqtt/exports/`; `id` is that of a deployed tls-export node.
 *
 * The .zip holds private keys, so it takes the right to write and all that stands before a write; as a POST it is
 * neither in the history of a browser nor prefetched.
 */
export function registerExportRoutes(RED: NodeAPI): void {
  RED.httpAdmin.post(
    '/secure-mqtt/exports/:id/zip',
    guard(RED, 'write'),
    downloadAnswer(async (req) => {
      const { name, bytes } = await zipSource(RED, String(req.params.id)).zip();
      return { name, type: 'application/zip', content: bytes };
    }),
  );
}

function zipSource(RED: NodeAPI, id: string): ZipSource {
  const node: unknown = RED.nodes.getNode(id);
  if (typeof (node as ZipSource | null)?.zip === 'function') return node as ZipSource;
  throw codedError(
    'INPUT_CONFIG',
    `the export node ${id} is missing or disabled`,
    { field: 'id', value: id },
    'Deploy the node first',
  );
}
