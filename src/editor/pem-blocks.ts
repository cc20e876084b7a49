/** The blocks of a PEM text; what stands around them is dropped. */
export interface PemBlocks {
  certificates: string;
  /** Of any kind: PKCS#8, PKCS#1, SEC 1, encrypted or not. */
  secretKeys: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** True when a text holds a private key, be it damaged. */
export function holdsPrivateKey(text: string): boolean {
  return /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text);
}

/** Sort the blocks of a file that somebody uploads; line ends become those of this system. */
export function pemBlocks(text: string): PemBlocks {
  const blocks = [...text.replace(/\r\n?/g, '\n').matchAll(BLOCK)].map(([block, label = '']) => ({ block, label }));
  const joined = (wanted: (label: string) => boolean): string =>
    blocks
      .filter(({ label }) => wanted(label))
      .map(({ block }) => `${block}\n`)
      .join('');
  return {
    certificates: joined((label) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label)),
    secretKeys: joined((label) => label.endsWith('PRIVATE KEY')),
  };
}
