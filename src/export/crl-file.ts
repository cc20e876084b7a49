import { warning, type Warning } from '../model/errors';
import type { ExportInput } from './export-input';
import { publicFile, type ExportFile } from './export-plan';

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
 *
 * @param name of the file
 */
export async function crlFile(name: string, input: ExportInput): Promise<CrlFile> {
  const { authority, settings } = input;
  if (settings.crl === 'static') {
    return { file: publicFile(name, 'crl', (await authority.staticCrl()).pem), warnings: [] };
  }
  if (settings.crl !== 'live') return { warnings: [] };
  const { pem, nextUpdate } = await authority.crl();
  const until = nextUpdate.toISOString();
  return {
    file: publicFile(name, 'crl', pem),
    warnings: [
      warning(
        'CRL_EXPIRES_SOON',
        `${name} is valid until ${until} and this version does not rewrite it by itself`,
        { file: name, nextUpdate: until },
        'Export again and reload the broker before that date, or every client is refused; or choose the static list',
      ),
    ],
  };
}
