import { TLS_CA_DEFAULTS } from '../../src/model/config/tls-ca';
import { TLS_EXPORT_DEFAULTS } from '../../src/model/config/tls-export';
import { TLS_INVENTORY_DEFAULTS } from '../../src/model/config/tls-inventory';
import { TLS_ISSUE_DEFAULTS } from '../../src/model/config/tls-issue';
import { TLS_REVOKE_DEFAULTS } from '../../src/model/config/tls-revoke';
import { soakRoute, TELL_EXPORTED, TELL_ISSUED, TELL_LISTED, TELL_REVOKED } from './soak-flow';

/** Id of the CA whose key and passphrase change, and whose Mosquitto is kept up to date. */
export const SITE_CA = 'soaksite';
export const SITE_CA_NAME = 'Site CA';
/** Below the user directory. */
export const SITE_CA_FOLDER = 'pki/site';
export const SITE_BROKER_FOLDER = 'broker';
/** Common name of the certificate of Mosquitto. */
export const SITE_BROKER = 'localhost';
/** Id of the CA that is imported. */
export const IMPORTED_CA = 'soakimport';

/** What is imported, and to where. */
export interface SoakImport {
  importPath: string;
  folder: string;
}

/**
 * A CA with a real Mosquitto: its certificate is replaced with proof, its revocation list and trust are live. And a CA that is imported.
 *
 * @param port of Mosquitto
 */
export function soakSiteFlow(port: number, imported: SoakImport): Record<string, unknown>[] {
  const issue = { ...TLS_ISSUE_DEFAULTS, type: 'tls-issue', ca: SITE_CA };
  const subjectAltNames = '["dns:localhost", "ip:127.0.0.1"]';
  const inventory = { ...TLS_INVENTORY_DEFAULTS, type: 'tls-inventory' };
  const revoke = { ...TLS_REVOKE_DEFAULTS, type: 'tls-revoke', ca: SITE_CA, reason: 'keyCompromise' };
  return [
    { ...TLS_CA_DEFAULTS, id: SITE_CA, type: 'tls-ca', name: SITE_CA_NAME, folder: SITE_CA_FOLDER },
    { ...TLS_CA_DEFAULTS, id: IMPORTED_CA, type: 'tls-ca', name: 'Imported CA', source: 'import', ...imported },
    ...soakRoute('site-issue', { ...issue, profile: 'device' }, TELL_ISSUED),
    ...soakRoute('site-serve', { ...issue, profile: 'server', subjectAltNames }, TELL_ISSUED),
    ...soakRoute('site-renew', { ...issue, action: 'renew' }, TELL_ISSUED),
    ...soakRoute('site-revoke', revoke, TELL_REVOKED),
    ...soakRoute('site-inventory', { ...inventory, ca: SITE_CA }, TELL_LISTED),
    ...soakRoute('import-inventory', { ...inventory, ca: IMPORTED_CA }, TELL_LISTED),
    ...soakRoute(
      'site-export',
      {
        ...TLS_EXPORT_DEFAULTS,
        ...{ type: 'tls-export', ca: SITE_CA, layout: 'mosquitto', folder: SITE_BROKER_FOLDER, targetDir: '.' },
        ...{ brokerHost: 'localhost', brokerPort: port, crl: 'live' },
        ...{ reload: 'signal', pidFile: `${SITE_BROKER_FOLDER}/mosquitto.pid` },
      },
      TELL_EXPORTED,
    ),
  ];
}
