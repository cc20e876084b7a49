/** The kinds of private key that every measured device stack accepts (Ed25519 is refused by BearSSL and mbedTLS). */
export const KEY_TYPES = ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'] as const;

export type KeyType = (typeof KEY_TYPES)[number];

export const DEFAULT_KEY_TYPE: KeyType = 'ec-p256';

export function isKeyType(value: unknown): value is KeyType {
  return (KEY_TYPES as readonly unknown[]).includes(value);
}

/** As people write it: `EC P-256`, `RSA 2048`; what is none of the two as it came. */
export function keyTypeName(keyType: string): string {
  return keyType.replace(/^ec-p(?=\d)/, 'EC P-').replace(/^rsa-(?=\d)/, 'RSA ');
}
