import type { Clock } from '../model/clock';
import { isCodedError, codedError, type CodedError } from '../model/errors';
import { connectionRefused } from '../mqtt/reason-codes';
import { explainFailure } from '../tls/explanation';
import type { TlsMaterialParts } from '../tls/tls-material';
import { coreTarget } from './core-broker-settings';

/**
 * Why core's MQTT client did not reach CONNACK, in the words of tls-probe. Core itself has an empty handler for it.
 *
 * @param error what MQTT.js emitted; undefined when the connection was closed without a word
 * @param url where core connects to
 */
export async function explainCoreFailure(
  error: (Error & { code?: unknown }) | undefined,
  url: string,
  options: { material: TlsMaterialParts; clock: Clock; timeoutMs: number; signal: AbortSignal },
): Promise<CodedError> {
  // MQTT.js gives the reason code of CONNACK as the code of its error.
  if (typeof error?.code === 'number') return connectionRefused(error.code);
  if (isCodedError(error)) return error;
  return explainFailure(error ?? closedSilently(), coreTarget(url), options);
}

function closedSilently(): Error {
  return codedError(
    'NET_CLOSED',
    'the broker closed the connection before it answered the MQTT CONNECT',
    {},
    'Its log tells why; a broker that wants another MQTT version or client id may do so without a word',
  );
}
