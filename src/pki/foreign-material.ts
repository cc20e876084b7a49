import { isCodedError } from '../model/errors';
import { decodePem, looksLikePem } from '../encoding/pem';
import { keyFormOf } from './key-form';
import { readRevocationList, type RevocationList } from './revocation-list';

/** What a file that somebody else wrote holds, by its content; names and endings say little. */
export interface ForeignMaterial {
  /** DER of the certificates. */
  certificates: Buffer[];
  /** Private keys as they stand there, PEM text or DER, encrypted or not. */
  secretKeys: (string | Buffer)[];
  lists: RevocationList[];
}

/** A bundle of a thousand certificates is 2 MiB. */
const MOST_BLOCKS = 5_000;
const CERTIFICATE_LABELS = ['CERTIFICATE', 'X509 CERTIFICATE'];

/**
 * Sort out the content of a file: PEM with any blocks, or one object in DER.
 *
 * @returns with nothing in it for a file that is something else
 * @throws PEM_MALFORMED, PEM_TOO_MANY, CRL_MALFORMED
 */
export function readForeignMaterial(bytes: Buffer): ForeignMaterial {
  const found: ForeignMaterial = { certificates: [], secretKeys: [], lists: [] };
  if (looksLikePem(bytes)) {
    for (const { label, bytes: content, text } of decodePem(bytes, { maxBlocks: MOST_BLOCKS })) {
      if (CERTIFICATE_LABELS.includes(label)) found.certificates.push(content);
      else if (label.endsWith('PRIVATE KEY')) found.secretKeys.push(text);
      else if (label === 'X509 CRL') found.lists.push(readRevocationList(content));
    }
    return found;
  }
  if (bytes[0] !== 0x30) return found;
  const form = keyFormOf(bytes);
  if (form === 'certificate') {
    const list = readListOrNothing(bytes);
    if (list) found.lists.push(list);
    else found.certificates.push(bytes);
  } else if (form) found.secretKeys.push(bytes);
  return found;
}

/** A list has the outer shape of a certificate. */
function readListOrNothing(bytes: Buffer): RevocationList | undefined {
  try {
    return readRevocationList(bytes);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return undefined;
  }
}
