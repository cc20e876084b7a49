import type { Node, NodeAPI } from 'node-red';
import type { CodedError } from '../model/errors';

type Fill = 'red' | 'green' | 'yellow' | 'blue' | 'grey';

interface StatusRow {
  fill: Fill;
  shape: 'dot' | 'ring';
  /** English text; `__name__` is filled in. Other languages stand in the catalogue of tls-ca. */
  text: string;
}

/** Every status a node of this package shows. Colours and words follow the core nodes. */
export const STATUSES = {
  connecting: { fill: 'yellow', shape: 'ring', text: 'connecting' },
  connected: { fill: 'green', shape: 'dot', text: 'connected' },
  connectedNameNotVerified: { fill: 'yellow', shape: 'dot', text: 'connected, host name not verified' },
  connectedNotVerified: { fill: 'yellow', shape: 'dot', text: 'connected, not verified' },
  connectedPlain: { fill: 'red', shape: 'dot', text: 'connected, not encrypted' },
  disconnected: { fill: 'red', shape: 'ring', text: 'disconnected' },
  disconnectedQueued: { fill: 'red', shape: 'ring', text: '__reason__ (__count__ waiting)' },
  failed: { fill: 'red', shape: 'ring', text: '__reason__' },
  ready: { fill: 'green', shape: 'dot', text: 'ready' },
  creating: { fill: 'blue', shape: 'ring', text: 'creating' },
  passphrasePending: { fill: 'yellow', shape: 'dot', text: 'new passphrase not deployed' },
  importRemarksOne: { fill: 'yellow', shape: 'dot', text: 'ready, 1 remark' },
  importRemarks: { fill: 'yellow', shape: 'dot', text: 'ready, __count__ remarks' },
  keysNotEncrypted: { fill: 'yellow', shape: 'dot', text: 'keys not encrypted' },
  issuing: { fill: 'blue', shape: 'ring', text: '__done__/__total__' },
  issued: { fill: 'green', shape: 'dot', text: '__name__ until __until__' },
  issuedManyOne: { fill: 'green', shape: 'dot', text: '1 certificate' },
  issuedMany: { fill: 'green', shape: 'dot', text: '__count__ certificates' },
  warned: { fill: 'yellow', shape: 'dot', text: '__name__: __reason__' },
  exporting: { fill: 'blue', shape: 'ring', text: 'writing' },
  exportedOne: { fill: 'green', shape: 'dot', text: '1 file' },
  exported: { fill: 'green', shape: 'dot', text: '__count__ files' },
  exportedServed: { fill: 'green', shape: 'dot', text: 'broker serves __serial__…' },
  exportedList: { fill: 'green', shape: 'dot', text: 'revocation list renewed' },
  probing: { fill: 'blue', shape: 'ring', text: 'probing __target__' },
  probeOkOne: { fill: 'green', shape: 'dot', text: 'ok, 1 day left' },
  probeOk: { fill: 'green', shape: 'dot', text: 'ok, __days__ days left' },
  probeWarning: { fill: 'yellow', shape: 'dot', text: '__reason__' },
  probeCritical: { fill: 'red', shape: 'ring', text: '__reason__' },
  revoked: { fill: 'green', shape: 'dot', text: '__name__ revoked' },
  released: { fill: 'green', shape: 'dot', text: '__name__ valid again' },
  listed: { fill: 'green', shape: 'dot', text: '__count__ of __total__ certificates' },
  watchQuiet: { fill: 'green', shape: 'dot', text: 'watching' },
  watchNextDays: { fill: 'green', shape: 'dot', text: 'next: __name__ in __days__ days' },
  watchNextHours: { fill: 'green', shape: 'dot', text: 'next: __name__ in __hours__ hours' },
  watchNextSoon: { fill: 'green', shape: 'dot', text: 'next: __name__ soon' },
  watchDue: { fill: 'yellow', shape: 'dot', text: '__name__ due' },
  watchDueAndNext: { fill: 'yellow', shape: 'dot', text: '__due__, __next__' },
  authorityEndingOne: { fill: 'yellow', shape: 'dot', text: 'CA ends in 1 day' },
  authorityEnding: { fill: 'yellow', shape: 'dot', text: 'CA ends in __days__ days' },
  watchOverdue: { fill: 'red', shape: 'ring', text: 'revocation list overdue' },
  starting: { fill: 'yellow', shape: 'ring', text: 'starting' },
  listening: { fill: 'green', shape: 'dot', text: 'port __port__, __count__ connected' },
} as const satisfies Record<string, StatusRow>;

export type StatusName = keyof typeof STATUSES;

/** Where the texts of all nodes stand: the catalogue of tls-ca. */
const CATALOGUE = '@flowcerts/node-red-secure-mqtt/tls-ca:secure-mqtt.status.';

/** The text of a status in the language of the runtime, English when there is no catalogue (tests). */
export function statusText(RED: NodeAPI, name: StatusName, values: Record<string, string | number> = {}): string {
  const row = rowFor(name, values);
  const key = CATALOGUE + row;
  const translated = RED._(key, values);
  if (translated && translated !== key && !key.endsWith(translated)) return translated;
  return STATUSES[row].text.replace(/__(\w+)__/g, (_, field: string) => String(values[field] ?? ''));
}

/** A single one has a row of its own where its words are others. */
function rowFor(name: StatusName, { count, days }: Record<string, string | number>): StatusName {
  const single = `${name}One`;
  const isSingle = [count, days].includes(1) && Object.hasOwn(STATUSES, single);
  return isSingle ? (single as StatusName) : name;
}

/** Show a row of the table under a node. */
export function showStatus(
  RED: NodeAPI,
  node: Pick<Node, 'status'>,
  name: StatusName,
  values: Record<string, string | number> = {},
): void {
  const { fill, shape } = STATUSES[name];
  node.status({ fill, shape, text: statusText(RED, name, values) });
}

/** The few words of an error under a node: the code's sentence in the catalogue, else its message cut short. */
export function errorWords(RED: NodeAPI, error: CodedError): string {
  const words = settingWords(RED, error) ?? translated(RED, `errors.${error.code}`);
  if (words) return words;
  return error.message.length > 60 ? `${error.message.slice(0, 57)}…` : error.message;
}

/** Which setting, where "a setting is missing or malformed" would leave somebody to guess. */
function settingWords(RED: NodeAPI, { code, cause }: CodedError): string | undefined {
  return code === 'INPUT_CONFIG' && typeof cause.field === 'string'
    ? translated(RED, `settings.${cause.field}`)
    : undefined;
}

function translated(RED: NodeAPI, name: string): string | undefined {
  const key = `@flowcerts/node-red-secure-mqtt/tls-ca:secure-mqtt.${name}`;
  const words = RED._(key);
  return words && words !== key && !key.endsWith(words) ? words : undefined;
}
