import { isCodedError } from '../model/errors';
import { parseTarget, type Target } from '../model/target';

/** What a person pasted into the field for the host, taken apart. */
export interface BrokerAddress {
  broker: string;
  port?: number;
  transport?: 'mqtts' | 'wss';
  path?: string;
  /** The scheme means a connection without encryption, which is chosen outright or not at all. */
  plainScheme?: string;
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
const TRANSPORTS: Partial<Record<Target['protocol'], 'mqtts' | 'wss'>> = { mqtts: 'mqtts', tls: 'mqtts', wss: 'wss' };

/**
 * Take apart `mqtts://host:8883`, `wss://host/path`, `host:8883`.
 *
 * @returns undefined for a bare host, and for what cannot be read (the validator says why)
 */
export function splitBrokerAddress(text: string): BrokerAddress | undefined {
  const trimmed = text.trim();
  const scheme = SCHEME.exec(trimmed)?.[1];
  const target = readTarget(trimmed);
  if (!target || target.protocol === 'https') return undefined;
  const { host: broker, protocol, path } = target;
  const hasPort = /:\d+$/.test(authorityOf(trimmed)) && broker !== trimmed;
  if (!scheme) return hasPort ? { broker, port: target.port } : undefined;
  const transport = TRANSPORTS[protocol];
  return {
    broker,
    // The usual port of the scheme, but not that of MQTT without encryption unless it was written.
    ...(hasPort || transport ? { port: target.port } : {}),
    ...(transport ? { transport } : { plainScheme: scheme.toLowerCase() }),
    ...(protocol === 'wss' && path !== '/' ? { path } : {}),
  };
}

function authorityOf(text: string): string {
  return text.replace(SCHEME, '').replace(/[/?#].*$/, '');
}

function readTarget(text: string): Target | undefined {
  try {
    return parseTarget(text);
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return undefined;
  }
}
