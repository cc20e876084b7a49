import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Who may use a route: `read` and `write` of this package, `probe` needs the right to deploy as well, `upload` takes bytes. */
export type RouteAccess = 'read' | 'write' | 'probe' | 'upload';

/** An admin route as it is registered, and an address that meets it. */
export interface RouteRow {
  method: 'get' | 'post';
  /** As express knows it, below `/secure-mqtt/`. */
  pattern: string;
  /** Below `/secure-mqtt/`; `ca`, `export` and `SERIAL` stand for what the test has deployed and issued. */
  path: string;
  access: RouteAccess;
}

const read = (pattern: string, path: string): RouteRow => ({ method: 'get', pattern, path, access: 'read' });
const write = (pattern: string, path: string): RouteRow => ({ method: 'post', pattern, path, access: 'write' });

/** All admin routes of this package. The test compares it with what a running Node-RED has. */
export const ROUTE_ROWS: readonly RouteRow[] = [
  read('authorities/:id', 'authorities/ca'),
  read('authorities/:id/names', 'authorities/ca/names'),
  read('authorities/:id/issuing', 'authorities/ca/issuing'),
  read('authorities/:id/servers/:host', 'authorities/ca/servers/localhost'),
  read('authorities/:id/root/:format', 'authorities/ca/root/pem'),
  read('authorities/:id/rollover', 'authorities/ca/rollover'),
  read('certificates', 'certificates'),
  read('certificates/authorities', 'certificates/authorities'),
  read('certificates/timeline', 'certificates/timeline'),
  read('certificates/:ca/crl/:format', 'certificates/ca/crl/pem'),
  read('certificates/:ca/:serial', 'certificates/ca/SERIAL'),
  read('certificates/:ca/:serial/:format', 'certificates/ca/SERIAL/chain'),
  write('authorities/:id/forget', 'authorities/ca/forget'),
  write('authorities/:id/backup', 'authorities/ca/backup'),
  write('authorities/:id/passphrase', 'authorities/ca/passphrase'),
  write('authorities/:id/rollover', 'authorities/ca/rollover'),
  write('certificates/:ca/:serial/renew', 'certificates/ca/SERIAL/renew'),
  write('certificates/:ca/:serial/revoke', 'certificates/ca/SERIAL/revoke'),
  write('certificates/:ca/:serial/zip', 'certificates/ca/SERIAL/zip'),
  write('exports/:id/zip', 'exports/export/zip'),
  { method: 'post', pattern: 'imports', path: 'imports', access: 'upload' },
  { method: 'post', pattern: 'probe', path: 'probe', access: 'probe' },
];

/** A node file that tells which admin routes below `/secure-mqtt` the nodes and plugins of its Node-RED have. */
const TELLER = `module.exports = (RED) => {
  RED.httpAdmin.get('/routes-of-the-test', (req, res) => {
    const { stack } = RED.httpAdmin._router ?? RED.httpAdmin.router;
    const routes = stack.flatMap(({ route }) => (route ? [[Object.keys(route.methods).sort(), route.path]] : []));
    res.json(routes.filter(([, path]) => String(path).includes('secure-mqtt')));
  });
};`;

/** Put that file where a Node-RED that is not running yet will find it. */
export function writeRouteTeller(userDir: string): void {
  mkdirSync(join(userDir, 'nodes'));
  writeFileSync(join(userDir, 'nodes', 'routes-of-the-test.js'), TELLER);
  writeFileSync(join(userDir, 'nodes', 'routes-of-the-test.html'), '');
}
