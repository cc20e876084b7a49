/**
 * A passphrase as octets. The standards leave open what happens outside ASCII and to an empty one, so there are
 * several forms of each, the likeliest first. A reader tries them in this order, a writer takes the first.
 */

/**
 * For the key derivation of PKCS#12: UTF-16, big end first, with a final NUL (RFC 7292 Appendix B.1).
 *
 * @param secretPassphrase undefined and empty are the same to people. To programs they are not: no passphrase is no
 *                         octets, an empty one is the NUL alone, and both occur.
 */
export function bmpForms(secretPassphrase: string | undefined): Buffer[] {
  if (!secretPassphrase) return [Buffer.alloc(0), Buffer.alloc(2)];
  // OpenSSL before 1.1 widened each octet of the terminal's UTF-8.
  const widened = Buffer.from(secretPassphrase, 'utf8').toString('latin1');
  return unique([secretPassphrase, widened].map(toBmp));
}

/**
 * For PBES2 and PBMAC1: UTF-8 (RFC 8018 §3, RFC 9579 §5). Some wrote the form of the older key derivation there
 * (NSS before 3.31), some Latin-1.
 */
export function utf8Forms(secretPassphrase: string | undefined): Buffer[] {
  if (!secretPassphrase) return [Buffer.alloc(0), Buffer.alloc(2)];
  return unique([
    Buffer.from(secretPassphrase, 'utf8'),
    toBmp(secretPassphrase),
    Buffer.from(secretPassphrase, 'latin1'),
  ]);
}

function toBmp(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le').swap16();
}

function unique(forms: Buffer[]): Buffer[] {
  return forms.filter((form, index) => forms.findIndex((other) => other.equals(form)) === index);
}
