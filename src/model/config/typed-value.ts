/** Kinds of typed input a node property may have: `<property>` with `<property>Type`. */
export const TYPED_VALUE_TYPES = ['str', 'num', 'json', 'msg', 'flow', 'global', 'env', 'jsonata'] as const;

/** Text fields of config nodes: written there, or taken from an environment variable. */
export type TextSource = 'str' | 'env';

export type TypedValueType = (typeof TYPED_VALUE_TYPES)[number];
