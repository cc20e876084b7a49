import type { TypedValueType } from './typed-value';

/** Properties of `tls-probe` (DESIGN.md §1.5; contract). */
export interface TlsProbeConfig {
  version: number;
  name: string;
  target: string;
  targetType: TypedValueType;
  servername: string;
  family: 0 | 4 | 6;
  /** Id of a secure-mqtt-broker-config whose target, trust and identity are used. */
  broker: string;
  trust: 'ca' | 'system' | 'file';
  ca: string;
  caFile: string;
  /** Revocation lists beside the CA file, PEM or DER; empty: none. */
  crlFile: string;
  identity: 'none' | 'issue' | 'store' | 'file';
  identityName: string;
  certFile: string;
  keyFile: string;
  /** Go on to CONNACK. */
  mqtt: boolean;
  warnBefore: string;
  criticalBefore: string;
  timeoutMs: number;
  concurrency: number;
  repeatSeconds: number;
  split: boolean;
  emit: 'always' | 'changes';
}

export const TLS_PROBE_DEFAULTS: TlsProbeConfig = {
  version: 1,
  name: '',
  target: '',
  targetType: 'str',
  servername: '',
  family: 0,
  broker: '',
  trust: 'ca',
  ca: '',
  caFile: '',
  crlFile: '',
  identity: 'none',
  identityName: '',
  certFile: '',
  keyFile: '',
  mqtt: true,
  warnBefore: '33%',
  criticalBefore: '10%',
  timeoutMs: 10000,
  concurrency: 8,
  repeatSeconds: 0,
  split: false,
  emit: 'always',
};
