import type { NodeAPI } from 'node-red';
import { registerCertificateRoutes } from '../src/node-red/admin-certificates';

/** The sidebar of all certificates. Its face is `certificates.editor.ts`; here are the routes it asks. */
export = function certificates(RED: NodeAPI): void {
  // Known to Node-RED and not to its types: the package was removed while Node-RED runs.
  const onremove = registerCertificateRoutes(RED);
  const definition = { type: 'secure-mqtt-sidebar', onremove };
  RED.plugins.registerPlugin('certificates', definition);
};
