import type { NodeAPI } from 'node-red';
import { registerAuthorityRoutes } from './admin-authorities';
import { registerAuthorityKeeping } from './admin-authority-keeping';
import { registerAuthorityRollover } from './admin-authority-rollover';
import { registerExportRoutes } from './admin-exports';
import { registerProbeRoute } from './admin-probe';

/** Runtimes that have the routes: every node file calls, and a test starts several runtimes in one process. */
const registered = new WeakSet<object>();

/**
 * Offer the admin routes of this package, below `/secure-mqtt/`, once per runtime.
 *
 * | route | right | answer |
 * |---|---|---|
 * | `GET authorities/<id>` | read | the living CA, or the reason why it is not available |
 * | `GET authorities/<id>/names` | read | common names of valid certificates |
 * | `GET authorities/<id>/issuing` | read | what the CA fills in, and what of it decides who can use its certificates |
 * | `GET authorities/<id>/servers/<host>` | read | whether it has issued a server certificate for this host |
 * | `GET authorities/<id>/root/pem`, `der`, `h` | read | the root certificate as a file |
 * | `POST authorities/<id>/forget` `{name}` | write | the new CA |
 * | `POST authorities/<id>/backup` `{passphrase}` | write | the whole CA as one sealed file |
 * | `POST authorities/<id>/passphrase` `{old, new}` | write | `{outcome}`: `prepared`, `removed` or `kept` |
 * | `GET authorities/<id>/rollover` | read | which keys the CA has, and what still stands on the old one |
 * | `POST authorities/<id>/rollover` `{step, keyType, name}` | write | the same after the step |
 * | `POST imports` (the bytes of a file) | write | `{path}`: where it waits to be imported |
 * | `POST exports/<id>/zip` | write | what the node exported last, keys included |
 * | `… certificates/…` | both | the sidebar's, registered by its plugin: `admin-certificates.ts` |
 * | `POST probe` `{node, credentials}` | write, `flows.write` | what a probe with the settings of an open dialog finds |
 *
 * A refusal is JSON `{code, message, hint, cause}`. No path comes from the client but those that `probe` finds among the
 * settings of a dialog, whose content is not answered; no key is in any JSON.
 */
export function registerAdminRoutes(RED: NodeAPI): void {
  if (registered.has(RED.httpAdmin)) return;
  registered.add(RED.httpAdmin);
  registerAuthorityRoutes(RED);
  registerAuthorityKeeping(RED);
  registerAuthorityRollover(RED);
  registerExportRoutes(RED);
  registerProbeRoute(RED);
}
