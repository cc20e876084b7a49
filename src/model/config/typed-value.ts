/** Kinds of typed input a node property may have: `<property>` with `<property>Type`. */
export const TYPED_VALUE_TYPES = ['str', 'num', 'json', 'msg', 'flow', 'global', 'env', 'jsonata'] as const;

export type TypedValueType = (typeof TYPED_VALUE_TYPES)[number];
