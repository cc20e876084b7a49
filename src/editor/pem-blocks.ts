/** The blocks of a PEM text; what stands around them is dropped. */
export interface PemBlocks {
  certificates: string;
  /** Of any kind: PKCS#8, PKCS#1, SEC 1, encrypted or not. */
  secretKeys: string;
}

/** The dashes behind a label may be those in front of the next one, when a line end got lost. */
const MARK = /-----(BEGIN|END) ([A-Z0-9 ]+)(?=-----)/g;
const DASHES = 5;

/** True when a text holds a private key, be it damaged. */
export function holdsPrivateKey(text: string): boolean {
  return /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text);
}

/** Sort the blocks of a file that somebody uploads; line ends become those of this system. */
export function pemBlocks(text: string): PemBlocks {
  const blocks = findBlocks(text.replace(/\r\n?/g, '\n'));
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

/**
 * From each END back to the BEGIN in front of it: what was cut off is left out, and with it a key never gets among the
 * certificates. In one pass: to look from each BEGIN for its END costs seconds for a file of BEGIN lines.
 */
function findBlocks(text: string): { label: string; block: string }[] {
  const blocks: { label: string; block: string }[] = [];
  let open: { label: string; index: number } | undefined;
  for (const { 0: mark, 1: kind, 2: label = '', index } of text.matchAll(MARK)) {
    if (kind === 'END' && open?.label === label) {
      blocks.push({ label, block: text.slice(open.index, index + mark.length + DASHES) });
    }
    open = kind === 'BEGIN' ? { label, index } : undefined;
  }
  return blocks;
}
