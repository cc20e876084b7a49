import type { Certificate } from '../pki/certificate';
import type { CaFileName, CaFolder } from '../store/ca-folder';
import { opensslConfig } from '../store/openssl-config';
import type { AuthoritySettings } from './authority-options';

/** Files whose content follows from where the folder is and how the CA is set, so they are checked at each opening. */
export function openingFiles(
  folder: CaFolder,
  certificate: Certificate,
  settings: AuthoritySettings,
): readonly (readonly [name: CaFileName, content: string])[] {
  const config = opensslConfig({
    folder: folder.path,
    digest: certificate.keyDescription === 'ec-p384' ? 'sha384' : 'sha256',
    leafDays: settings.leafValidityDays,
    crlDays: settings.crlDays,
  });
  return [
    // Two valid certificates of one name are normal here (renewal), and openssl ca refuses them otherwise.
    ['index.txt.attr', 'unique_subject = no\n'],
    ['openssl.cnf', config],
  ];
}

/** Write those that are not as they should be. */
export async function refreshOpeningFiles(
  folder: CaFolder,
  certificate: Certificate,
  settings: AuthoritySettings,
): Promise<void> {
  const stale: (readonly [CaFileName, string])[] = [];
  for (const file of openingFiles(folder, certificate, settings)) {
    const found = await folder.readIfThere(file[0]);
    if (found?.toString('utf8') !== file[1]) stale.push(file);
  }
  if (stale.length > 0) await folder.writeAll(stale);
}
