import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';

/** What a message with `msg.action` "connect" may set in `msg.broker`; names as in the core nodes. Never the TLS side. */
export interface BrokerOverrides {
  broker?: string;
  port?: number | string;
  clientid?: string;
  username?: string;
  password?: string;
  keepalive?: number | string;
  cleansession?: boolean;
}

const OVERRIDABLE = ['broker', 'port', 'clientid', 'username', 'password', 'keepalive', 'cleansession'];

/**
 * Read `msg.broker` of a connect message.
 *
 * @throws INPUT_OVERRIDE when it sets something else: what makes the connection secure is for the settings alone
 * @throws INPUT_PAYLOAD for a value that is neither text nor number
 */
export function readOverrides(value: unknown): { force: boolean; overrides?: BrokerOverrides } {
  if (value === undefined || value === null) return { force: false };
  const { force, ...overrides } = Object(value) as Record<string, unknown>;
  const foreign = Object.keys(overrides).filter((key) => !OVERRIDABLE.includes(key));
  if (foreign.length > 0) {
    throw codedError(
      'INPUT_OVERRIDE',
      `msg.broker sets ${shownValue(foreign.join(', '))}, which a message may not change`,
      { field: 'broker', fields: foreign.slice(0, 20).map((field) => field.slice(0, 100)), allowed: OVERRIDABLE },
      'Change it in the broker settings; a message may set host, port, client id, user name, password and keep alive',
    );
  }
  for (const [field, part] of Object.entries(overrides)) {
    if (!['string', 'number', 'boolean', 'undefined'].includes(typeof part)) throw noText(field, part);
  }
  return { force: force === true, ...(Object.keys(overrides).length > 0 ? { overrides } : {}) };
}

function noText(field: string, value: unknown) {
  return codedError(
    'INPUT_PAYLOAD',
    `${field} in msg.broker is ${shownValue(value)}, expected text or a number`,
    { field, value: shownValue(value) },
    'Send host, client id, user name and password as text, port and keep alive as numbers',
  );
}
