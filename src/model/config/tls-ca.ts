import { DEFAULT_KEY_TYPE, type KeyType } from '../key-type';

/** Where a CA comes from. Other engines (ACME, EST, step-ca …) would be further sources. */
export type CaSource = 'create' | 'import';

/** Properties of the `tls-ca` config node (DESIGN.md §1.1; contract). */
export interface TlsCaConfig {
  version: number;
  name: string;
  /** Relative to the user directory; `pki/<slug of name>` when empty. */
  folder: string;
  source: CaSource;
  importPath: string;
  /** Id of another tls-ca: this one is an intermediate below it. */
  issuer: string;
  commonName: string;
  organization: string;
  organizationalUnit: string;
  country: string;
  state: string;
  locality: string;
  keyType: KeyType;
  validityDays: number;
  leafValidityDays: number;
  deviceValidityDays: number;
  /** `"33%"` of the lifetime remaining, or `"30d"`. */
  renewBefore: string;
  crlDays: number;
  /** Comma or line separated `permitted:dns:…`, `excluded:ip:…`; empty: none. */
  nameConstraints: string;
  /** Set by the dialog once it has shown the living CA; empty before. */
  fingerprint256: string;
}

export const TLS_CA_DEFAULTS: TlsCaConfig = {
  version: 1,
  name: '',
  folder: '',
  source: 'create',
  importPath: '',
  issuer: '',
  commonName: '',
  organization: '',
  organizationalUnit: '',
  country: '',
  state: '',
  locality: '',
  keyType: DEFAULT_KEY_TYPE,
  validityDays: 3650,
  leafValidityDays: 397,
  deviceValidityDays: 1825,
  renewBefore: '33%',
  crlDays: 30,
  nameConstraints: '',
  fingerprint256: '',
};
