/** Tag classes (X.690 §8.1.2.2). */
export const TAG_CLASS = { universal: 0, application: 1, context: 2, private: 3 } as const;

export type TagClass = (typeof TAG_CLASS)[keyof typeof TAG_CLASS];

/** Universal tag numbers (X.680 §8.6) that occur in certificates. */
export const TAG = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  null: 5,
  objectIdentifier: 6,
  enumerated: 10,
  utf8String: 12,
  sequence: 16,
  set: 17,
  numericString: 18,
  printableString: 19,
  teletexString: 20,
  ia5String: 22,
  utcTime: 23,
  generalizedTime: 24,
  visibleString: 26,
  universalString: 28,
  bmpString: 30,
} as const;

/** `SEQUENCE`, `[0]` …: a tag in the words of a standard. */
export function tagName(tagClass: number, tagNumber: number): string {
  if (tagClass === TAG_CLASS.context) return `[${tagNumber}]`;
  if (tagClass !== TAG_CLASS.universal) return `tag ${tagNumber} of class ${tagClass}`;
  const name = Object.entries(TAG).find(([, number]) => number === tagNumber)?.[0];
  return name ?? `universal tag ${tagNumber}`;
}
