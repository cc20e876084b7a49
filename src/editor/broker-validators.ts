import { parseIpAddress } from '../model/ip-address';
import { toDnsName } from '../model/subject-alt-name';
import { currentValue, fieldText } from './dialog-form';
import { holdsPrivateKey } from './pem-blocks';
import type { Validator } from './red';
import { sharedText } from './text';
import { needed } from './validators';

/** Validators of the fields of a connection; see `validators.ts` for those that all dialogs share. */

/** As Node-RED has it: a value that is nothing but `${NAME}` is replaced before the node is made. */
const REFERENCE = /^\$\{\S+\}$/;

/**
 * A field whose value may come from an environment variable, of which the dialog knows only the name.
 *
 * @param typeField the property that holds `env` then; without one only `${NAME}` counts
 */
export function orEnvironment<Config>(typeField: string | undefined, judge: Validator<Config>): Validator<Config> {
  return function (value, options) {
    const text = fieldText(value).trim();
    const isNamed = typeField !== undefined && text !== '' && currentValue(this, typeField) === 'env';
    return isNamed || REFERENCE.test(text) ? true : judge.call(this, value, options);
  };
}

/** The name of a certificate to issue or to find; the client id does as well. */
export function certificateName<Config>(when: string): Validator<Config> {
  const present = needed<Config>(`${when} clientId=`);
  return function (value, options) {
    return present.call(this, value, options) === true
      ? true
      : sharedText('invalid.identityName', { label: options?.label });
  };
}

/** Certificates as PEM, which are stored in the flow: no private key among them. */
export function certificateText<Config>(when: string): Validator<Config> {
  const present = needed<Config>(when);
  return function (value, options) {
    if (holdsPrivateKey(fieldText(value))) return sharedText('invalid.privateKey', { label: options?.label });
    return present.call(this, value, options);
  };
}

/** `cert:<64 hex>` or `spki:<base64>`, several separated by commas or lines; the runtime reads `src/tls/pin.ts`. */
export function pins<Config>(): Validator<Config> {
  const one = /^(cert:([0-9a-f]{2}:?){31}[0-9a-f]{2}|(spki:|sha256\/\/)[A-Za-z0-9+/_-]{43}=?)$/i;
  return function (value, options) {
    const items = fieldText(value).split(/[\s,;]+/);
    return items.every((item) => item === '' || one.test(item))
      ? true
      : sharedText('invalid.pin', { label: options?.label });
  };
}

/** A host name or IP address of one machine, without protocol and port. */
export function hostName<Config>(): Validator<Config> {
  return function (value, options) {
    const host = fieldText(value)
      .trim()
      .replace(/^\[(.*)\]$/, '$1');
    if (parseIpAddress(host) || toDnsName(host) || /^[A-Za-z0-9_.-]+$/.test(host)) return true;
    return sharedText('invalid.host', { label: options?.label, host });
  };
}

/** An MQTT client id; without one the broker can keep no session. */
export function clientId<Config>(): Validator<Config> {
  return function (value, options) {
    if (fieldText(value) !== '' || currentValue(this, 'cleanSession') !== 'false') return true;
    return sharedText('invalid.clientId', { label: options?.label });
  };
}
