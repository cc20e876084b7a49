import { isEnglish } from './language';
import { SentenceTable } from './sentence-table';

/** Where the texts stand that several dialogs share: the catalogue of tls-ca. */
const SHARED = '@flowcerts/node-red-secure-mqtt/tls-ca:';

/** A text that several dialogs share, in the language of the editor. */
export function sharedText(key: string, values?: Record<string, unknown>): string {
  return RED._(`${SHARED}secure-mqtt.editor.${key}`, values);
}

/** As {@link sharedText}; `otherwise` for a key that the catalogue does not know. */
export function sharedTextOr(key: string, otherwise: string): string {
  const full = `${SHARED}secure-mqtt.editor.${key}`;
  const text = RED._(full);
  return text === full || full.endsWith(text) ? otherwise : text;
}

/** The words for an error code; undefined for a code that the catalogue does not know. */
export function errorText(code: string): string | undefined {
  const key = `${SHARED}secure-mqtt.errors.${code}`;
  const text = RED._(key);
  return text === key || key.endsWith(text) ? undefined : text;
}

/** A kind of key with what it is good for, as the dialog of the CA calls it. */
export function keyTypeText(keyType: string): string {
  return RED._(`${SHARED}tls-ca.keyType.${keyType}`);
}

/**
 * The message of an error or remark. Messages are English in every language, because people search the web for them
 * (docs/decisions/0025); where the editor speaks another one, the words for the code come first.
 */
export function messageText({ code, message }: { code: string; message: string }): string {
  const words = isEnglish() ? undefined : errorText(code);
  return words ? `${words} – ${message}` : message;
}

/**
 * What to do about an error or remark, in the language of the editor where its texts of the probe hold it
 * (`tls-probe.codes.json`, put into the catalogue of tls-probe by `scripts/build.mjs`); else as it came.
 */
export function mendText(mend: string): string {
  if (isEnglish()) return mend;
  const key = '@flowcerts/node-red-secure-mqtt/tls-probe:tls-probe.mends';
  const lines = RED._(key);
  // The catalogue comes with the page of the editor and stays: read once.
  if (mends?.lines !== lines) mends = { lines, table: new SentenceTable(lines) };
  return mends.table.translationOf(mend) ?? mend;
}

let mends: { lines: string; table: SentenceTable } | undefined;

/** The name of a field in a validator's message. */
export function labelText(type: string, field: string): string {
  return RED._(`@flowcerts/node-red-secure-mqtt/${type}:${type}.label.${field}`);
}
