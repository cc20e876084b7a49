import type { ErrorCode } from '../model/errors';

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
}
