/** Where texts stand: Node-RED looks for them beside the .js of nodes and of plugins. */
export const LOCALE_FOLDERS = ['nodes', 'plugins'];

type Catalogue = { [key: string]: string | Catalogue };

/** Every text of a catalogue with its dotted key, in the order of the file. @param json the text of the file */
export function catalogueTexts(json: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (part: Catalogue, prefix: string): void => {
    for (const [key, value] of Object.entries(part)) {
      if (typeof value === 'string') found.set(prefix + key, value);
      else walk(value, `${prefix}${key}.`);
    }
  };
  walk(JSON.parse(json) as Catalogue, '');
  return found;
}

/** The names of the values that are filled in, sorted: a translation may need another order. */
export function placeholders(text: string): string[] {
  return [...text.matchAll(/__(\w+?)__/g)].map(([, name]) => String(name)).sort();
}

/** What a translation must not change within a sentence: code and tags, sorted, because words change their places. */
export function inlineParts(html: string): string[] {
  return [...html.matchAll(/<code>[^<]*<\/code>|<\/?[a-z]\w*/g)].map(([part]) => part.replace(/\s+/g, ' ')).sort();
}

export interface HelpBlock {
  tag: string;
  text: string;
  /** Of an English `<dt>` that names properties of a message or codes: these names. Labels of the dialog are translated. */
  properties: string | undefined;
}

/** The paragraphs, rows and headings of a help, without the list of codes that a script writes. */
export function blocksOf(help: string): HelpBlock[] {
  const written = help.replace(/<!-- codes: written[\s\S]*<!-- codes: end -->/, '');
  return [...written.matchAll(/<(p|dt|dd|li|td|th|h3|h4)\b[^>]*>([\s\S]*?)<\/\1>/g)].map(([, tag = '', text = '']) => ({
    tag,
    text,
    properties: tag === 'dt' ? namesOf(text) : undefined,
  }));
}

function namesOf(term: string): string | undefined {
  return /^(?:[a-z]+[\w.-]*|[A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:, [\w.]+)*(?= *(?:<|$)| for <i>)/.exec(term)?.[0];
}

/** How wide a line is, in Latin letters; what is filled in counts nothing. */
export function widthOf(text: string): number {
  const fixed = text.replace(/__\w+?__/g, '');
  return [...fixed].reduce(
    (width, sign) => width + (/[\u1100-\u11ff\u3000-\u9fff\uff00-\uff60]/u.test(sign) ? 2 : 1),
    0,
  );
}

/**
 * Words that are the same in several languages, and names. A text of these alone may be as in English; so may examples,
 * units and what is only filled in.
 */
const ALIKE = new Set(
  (
    'ALPN Alias Android Action ACL Base64 Broker Browser buffer CA CAs Client client clients CN code Code core CSV DER Details ' +
    'EC ECC Form Format IPv4 IPv6 Java JSON MQTT MQTTv5 Mosquitto Name Node Node-RED Organisation PEM Passphrase Pin ' +
    'PKCS Port port Profil QoS Retain RSA Root SAN Server SHA Sketch Status TLS Topic Transport transport Text Timing ' +
    'URI Version Windows WebSocket WebSockets alias hono kB mosquitto ms ok Payload Messages messages tls-config over ' +
    'name bits Certificat Layout page Verdict Restart tls http https mqtt mqtts wss'
  ).split(' '),
);

/** True for a text that may be the same in two languages. */
export function alike(key: string, text: string): boolean {
  // It ends in certificates and in the logs of brokers, so languages with another script keep it in ASCII.
  if (key === 'secure-mqtt.editor.ca.default-name') return true;
  if (/\.(placeholder|names)\./.test(key)) return !/[a-z]{3,} [a-z]{3,}/.test(text);
  const words = text
    .replace(/__\w+?__/g, '')
    .split(/[^\p{L}\p{N}-]+/u)
    .filter((word) => /\p{L}{2}/u.test(word) && !/\d/.test(word));
  return words.every((word) => ALIKE.has(word));
}
