import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CHECKOUT, readSource } from './checkout';
import { code, plain, sentence, table } from './markdown';

interface CodeText {
  code: string;
  meaning: string;
  /** Each of them a mend that some error with this code carries; `…` stands for what is filled in. */
  fixes: string[];
}

/** Families in the order of the closed list. A code of another family fails the page. */
const FAMILIES: Readonly<Record<string, string>> = {
  INPUT: 'What was asked: settings and messages',
  PEM: 'PEM files',
  DER: 'DER, the binary form',
  P12: 'PKCS#12 key stores',
  KEY: 'Private keys',
  CSR: 'Certificate requests',
  CERT: 'Certificates',
  CRL: 'Revocation lists',
  CA: 'The CA',
  STORE: 'Files and folders',
  TLS: 'The TLS handshake',
  NET: 'The network',
  MQTT: 'MQTT',
};

const DAMAGED = 'The file is damaged or is something else: fetch or export it again';

/** Codes whose hint is put together where it is used, so that it cannot be read from the source. */
const OTHER_MENDS: Readonly<Record<string, string>> = {
  INPUT_PROFILE: 'Use one of the profiles that the message lists: server, client, device, server-client',
  DER_MALFORMED: DAMAGED,
  DER_TOO_LARGE: 'No certificate, key or request is that large: look whether it is the right file',
  DER_TOO_DEEP: 'No certificate, key or request is nested like that: look whether it is the right file',
  P12_MALFORMED: DAMAGED,
  P12_UNSUPPORTED: 'Convert a copy of it with the command in the hint',
  CSR_MALFORMED: DAMAGED,
  CA_ROLLOVER: 'Take the steps in their order: introduce, switch, retire',
};

/** `docs/reference/codes.md`: every code with its words, its meaning and what to do. */
export async function codesPage(): Promise<string> {
  const module = join(CHECKOUT, 'scripts', 'code-texts.mjs');
  const { readAllCodeTexts } = (await import(pathToFileURL(module).href)) as {
    readAllCodeTexts(): Promise<CodeText[]>;
  };
  const texts = await readAllCodeTexts();
  const catalogue = JSON.parse(readSource('nodes/locales/en-US/tls-ca.json')) as {
    'secure-mqtt': { errors: Record<string, string> };
  };
  const words = catalogue['secure-mqtt'].errors;
  const row = ({ code: name, meaning, fixes }: CodeText) => [
    `${code(name)} *${words[name] ?? ''}*`,
    sentence(plain(meaning)),
    mends(name, fixes).join('<br>'),
  ];
  const chapters = Object.entries(FAMILIES).map(([family, title]) => {
    const rows = texts.filter((text) => text.code.startsWith(`${family}_`));
    return `\n## ${title}\n\n${table(['code and status', 'meaning', 'what to do'], rows.map(row))}`;
  });
  const unknown = texts.filter((text) => !((text.code.split('_')[0] ?? '') in FAMILIES));
  if (unknown.length > 0) throw new Error(`no chapter for ${unknown.map((text) => text.code).join(', ')}`);
  return INTRODUCTION + chapters.join('');
}

function mends(name: string, fixes: readonly string[]): string[] {
  const own = fixes.filter((fix) => fix !== '');
  const known = own.length > 0 ? own : [OTHER_MENDS[name] ?? ''];
  if (known[0] === '') throw new Error(`${name} has no mend: give it a hint, or a row in OTHER_MENDS`);
  return known.map((fix) => `→ ${sentence(plain(fix))}`);
}

const INTRODUCTION = `# Codes

What is wrong has a code that never changes; flows may rely on it. The words beside it are those below a node. The same codes come

- to a *catch* node, as \`error.code\`, with the facts in \`error.cause\` and the hint in \`error.cause.hint\`;
- in the result of *tls probe*, as \`payload.code\`, with \`message\`, \`fix\` and \`cause\`;
- in the \`warnings\` of a result, each with \`code\`, \`message\`, \`hint\` and \`cause\`;
- in the events of *secure mqtt server*, and in the answers to the editor.

Where a code has several mends the hint you see is the one that fits; \`…\` stands for what it fills in.
`;
