import type { ErrorCode } from '../model/errors';
import type { Guest } from './server-rules';

/** What secure-mqtt-server sends (DESIGN.md §1.7; contract). */
export interface ServerEvent {
  event: 'connected' | 'disconnected' | 'refused';
  clientId?: string;
  /** Common name of the client certificate, or user name. */
  identity?: string;
  /** Of the client certificate. */
  serialNumber?: string;
  /** Why it was refused or disconnected; absent for a client that went by itself. */
  code?: ErrorCode;
  message?: string;
  /** Where it comes from. */
  address?: string;
  /** For how many refusals this one stands: more than a few in ten seconds are told together. */
  count?: number;
}

/** Tell of a guest. */
export function serverEvent(
  event: ServerEvent['event'],
  { identity, certificate, reason, address }: Guest,
  clientId?: string,
): ServerEvent {
  return {
    event,
    clientId,
    identity: identity ?? certificate?.identity,
    serialNumber: certificate?.serialNumber,
    ...(reason ? { code: reason.code, message: reason.message } : {}),
    address,
  };
}
