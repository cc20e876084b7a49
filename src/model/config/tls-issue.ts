import type { KeyType } from '../key-type';
import type { LeafProfile } from '../profile-name';
import type { TypedValueType } from './typed-value';

/** Those on the CA itself are never taken from a message. */
export const AUTHORITY_ACTIONS = ['ca-renew', 'ca-introduce', 'ca-switch', 'ca-retire'] as const;
export type AuthorityAction = (typeof AUTHORITY_ACTIONS)[number];
export type IssueAction = 'issue' | 'renew' | 'sign' | AuthorityAction;
export type PrivateKeyTo = 'store' | 'message' | 'both';
/** What a certificate request decides: subject and names where the node sets none, or nothing but its key. */
export const REQUEST_PARTS = ['names', 'key'] as const;
export type RequestPart = (typeof REQUEST_PARTS)[number];

/** Properties of `tls-issue` (DESIGN.md §1.2; contract). Text properties are typed inputs. */
export interface TlsIssueConfig {
  version: number;
  name: string;
  ca: string;
  action: IssueAction;
  profile: LeafProfile;
  commonName: string;
  commonNameType: TypedValueType;
  organization: string;
  organizationType: TypedValueType;
  organizationalUnit: string;
  organizationalUnitType: TypedValueType;
  country: string;
  countryType: TypedValueType;
  state: string;
  stateType: TypedValueType;
  locality: string;
  localityType: TypedValueType;
  /** One JSON array of `dns:…`, `ip:…`, `uri:…`, `email:…`. */
  subjectAltNames: string;
  subjectAltNamesType: TypedValueType;
  /** Empty: the key type of the CA. */
  keyType: KeyType | '';
  /** Days; empty: what the CA sets for the profile. */
  validityDays: string;
  validityDaysType: TypedValueType;
  rekey: boolean;
  fromRequest: RequestPart;
  privateKeyTo: PrivateKeyTo;
  ipAsDns: boolean;
  allowOverride: ('profile' | 'action')[];
}

export const TLS_ISSUE_DEFAULTS: TlsIssueConfig = {
  version: 1,
  name: '',
  ca: '',
  action: 'issue',
  profile: 'server',
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
  subjectAltNames: '[]',
  subjectAltNamesType: 'json',
  keyType: '',
  validityDays: '',
  validityDaysType: 'num',
  rekey: true,
  fromRequest: 'names',
  privateKeyTo: 'store',
  ipAsDns: false,
  allowOverride: [],
};
