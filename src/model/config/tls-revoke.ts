import type { RevocationReason } from '../revocation-reason';
import type { TypedValueType } from './typed-value';

/** Properties of `tls-revoke` (DESIGN.md §1.6; contract). */
export interface TlsRevokeConfig {
  version: number;
  name: string;
  ca: string;
  /** What to revoke when the message names nothing: `serial:<hex>`, `name:<common name>` or a common name. */
  selector: string;
  selectorType: TypedValueType;
  /** RFC 5280 name. */
  reason: RevocationReason;
  /** Revoke every valid certificate of a name; else a name that stands for several is refused. */
  all: boolean;
}

export const TLS_REVOKE_DEFAULTS: TlsRevokeConfig = {
  version: 1,
  name: '',
  ca: '',
  selector: '',
  selectorType: 'str',
  reason: 'unspecified',
  all: false,
};
