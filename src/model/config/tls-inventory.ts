import type { TypedValueType } from './typed-value';

export type InventoryFormat = 'json' | 'csv';

/** Properties of `tls-inventory` (DESIGN.md §1.6; contract). */
export interface TlsInventoryConfig {
  version: number;
  name: string;
  ca: string;
  /** An `InventoryQuery`, as JSON text where it is written in the node. */
  query: string;
  queryType: TypedValueType;
  format: InventoryFormat;
}

export const TLS_INVENTORY_DEFAULTS: TlsInventoryConfig = {
  version: 1,
  name: '',
  ca: '',
  query: '{}',
  queryType: 'json',
  format: 'json',
};
