import type { ExportLayout } from '../model/config/tls-export';
import { warning, type Warning } from '../model/errors';
import type { ExportInput } from './export-input';
import { publicFile, type ExportFile } from './export-plan';

/** What the layouts that have a revocation list call it. */
export const CRL_NAMES = {
  mosquitto: 'crl.pem',
  'thin-edge': 'crl.pem',
  workshop: 'rootCA_crl.pem',
} as const satisfies Partial<Record<ExportLayout, string>>;

/**
 * What those layouts call the CAs of the clients. A broker with a list reads both anew when it is told (FACTS §4), so
 * both follow while the key of the CA is being replaced.
 */
export const TRUST_NAMES = {
  mosquitto: { name: 'ca.pem', withChain: true },
  'thin-edge': { name: 'ca.pem', withChain: true },
  workshop: { name: 'rootCA_certificate.pem', withChain: false },
} as const satisfies Record<keyof typeof CRL_NAMES, { name: string; withChain: boolean }>;

/** A CRL for a broker, or nothing. */
export interface CrlFile {
  file?: ExportFile;
  warnings: Warning[];
}

/**
 * The revocation list as the node is set.
 *
 * `static` ends with the CA, for brokers that nobody reloads: an overdue list makes Mosquitto refuse
 * **every** client (FACTS §4). `live` is the CA's own, which must be replaced before it ends.
 */
export async function crlFile(name: string, input: ExportInput): Promise<CrlFile> {
  const { authority, settings } = input;
  if (settings.crl === 'static') {
    return { file: publicFile(name, 'crl', (await authority.staticCrl()).pem), warnings: [] };
  }
  if (settings.crl !== 'live') return { warnings: [] };
  const { pem, nextUpdate } = await authority.crl();
  const until = nextUpdate.toISOString();
  return { file: publicFile(name, 'crl', pem), warnings: liveWarnings(name, until, input) };
}

/** Who keeps the list young, and who tells the broker. */
function liveWarnings(name: string, until: string, { settings: { write, reload } }: ExportInput): Warning[] {
  if (write === 'files' && reload !== 'none') return [];
  const [problem, hint] =
    write === 'files'
      ? [
          `${name} is rewritten whenever the CA has a new one, but the broker is not told to read it`,
          'Choose how the broker learns of new files, or reload it by a flow of your own before that date',
        ]
      : [
          `${name} in a message is not rewritten`,
          'Export again and reload the broker before that date, or every client is refused; or choose the static list',
        ];
  return [
    warning('CRL_EXPIRES_SOON', `${problem}; it is valid until ${until}`, { file: name, nextUpdate: until }, hint),
  ];
}
