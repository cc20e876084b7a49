import type { RevokeRequest } from '../ca/certificate-authority';
import type { TlsRevokeConfig } from '../model/config/tls-revoke';
import { codedError } from '../model/errors';
import type { RevocationReason } from '../model/revocation-reason';
import { readSelector } from '../model/selector';
import { shownValue } from '../model/shown-value';
import type { PlainObject } from './payload';

/** What the node says, and a message may say otherwise. */
type Configured = Pick<TlsRevokeConfig, 'reason' | 'all'>;

/**
 * What one item of a message wants to be revoked. An object may say `reason` and `all` beside the certificate, of which
 * only `serialNumber`, else `commonName`, is read.
 *
 * @throws INPUT_SELECTOR, INPUT_PAYLOAD; whether the reason is one is judged by the CA
 */
export function toRevokeRequest(item: string | PlainObject, configured: Configured): RevokeRequest {
  const selector = readSelector(item);
  if (typeof item === 'string') return { selector, reason: configured.reason, all: configured.all };
  return { selector, reason: reasonOf(item) ?? configured.reason, all: allOf(item) ?? configured.all };
}

function reasonOf(item: PlainObject): RevocationReason | undefined {
  // An entry of the inventory tells why it was revoked, not why it shall be: a hold is taken back with such an object.
  if (Object.hasOwn(item, 'revokedAt')) return undefined;
  const { reason } = item;
  return reason === null || reason === '' ? undefined : (reason as RevocationReason | undefined);
}

function allOf({ all }: PlainObject): boolean | undefined {
  if (all === undefined || all === null || typeof all === 'boolean') return all ?? undefined;
  throw codedError(
    'INPUT_PAYLOAD',
    `all is ${shownValue(all)}, expected true or false`,
    { field: 'all', value: shownValue(all) },
    'Send all: true only to revoke every valid certificate of a name',
  );
}
