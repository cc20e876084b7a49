import { warning, type Warning } from '../model/errors';
import { createRevocationList } from '../pki/revocation-list';
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
  if (settings.crl === 'static') return { file: publicFile(name, 'crl', await staticCrl(input)), warnings: [] };
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

async function staticCrl({ authority, clock }: ExportInput): Promise<string> {
  const { number } = await authority.crl();
  const { pem } = await createRevocationList({
    issuer: { certificate: authority.certificate, privateKey: await authority.secretAuthorityKey() },
    number: BigInt(number),
    thisUpdate: new Date(clock.now()),
    nextUpdate: authority.certificate.notAfter,
    revoked: authority.list({ status: 'revoked' }).items.map(({ serialNumber, revokedAt, reason }) => ({
      serialNumber,
      revokedAt: new Date(revokedAt ?? clock.now()),
      reason: reason ?? 'unspecified',
    })),
  });
  return pem;
}
