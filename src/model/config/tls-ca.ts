import { DEFAULT_KEY_TYPE, type KeyType } from '../key-type';
import type { TextSource } from './typed-value';

/** Where a CA comes from. Other engines (ACME, EST, step-ca …) would be further sources. */
export type CaSource = 'create' | 'import';

/** Properties of the `tls-ca` config node (DESIGN.md §1.1; contract). */
export interface TlsCaConfig {
  version: number;
  name: string;
  /** Relative to the user directory; `pki/<slug of name>` when empty. */
  folder: string;
  folderType: TextSource;
  source: CaSource;
  /** File or folder of a CA that exists, or a backup; relative to the user directory. Read once, at the first deploy. */
  importPath: string;
  /** Id of another tls-ca: this one is an intermediate below it. */
  issuer: string;
  /** How many CAs may stand below this one, one under the other; empty: any below a root, none below an intermediate. */
  pathLength: string;
  commonName: string;
  commonNameType: TextSource;
  organization: string;
  organizationType: TextSource;
  organizationalUnit: string;
  organizationalUnitType: TextSource;
  country: string;
  countryType: TextSource;
  state: string;
  stateType: TextSource;
  locality: string;
  localityType: TextSource;
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
  folderType: 'str',
  source: 'create',
  importPath: '',
  issuer: '',
  pathLength: '',
  commonName: '',
  commonNameType: 'str',
  organization: '',
  organizationType: 'str',
  organizationalUnit: '',
  organizationalUnitType: 'str',
  country: '',
  countryType: 'str',
  state: '',
  stateType: 'str',
  locality: '',
  localityType: 'str',
  keyType: DEFAULT_KEY_TYPE,
  validityDays: 3650,
  leafValidityDays: 397,
  deviceValidityDays: 1825,
  renewBefore: '33%',
  crlDays: 30,
  nameConstraints: '',
  fingerprint256: '',
};
