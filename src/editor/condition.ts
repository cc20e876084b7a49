/** One comparison of a field. */
interface Term {
  field: string;
  values: string[];
  negated: boolean;
}

/** Alternatives, of which one must hold; all terms of it together. */
export type Condition = Term[][];

const TERM = /^(\w+)(!?=)(\S*)$/;

/**
 * Read when a part of a form applies, as written in its `data-when` attribute.
 *
 * `trust=ca` holds when the field `trust` has that value, `trust=file|pem` for one of several, `trust!=system` for any
 * other. Several terms must all hold; ` or ` separates alternatives. A check box has the values `true` and `false`.
 *
 * @throws when a term has no field or no operator: a mistake in the form, found by its first opening
 */
export function parseCondition(text: string): Condition {
  return text.split(' or ').map((alternative) => alternative.trim().split(/\s+/).map(parseTerm));
}

function parseTerm(text: string): Term {
  const match = TERM.exec(text);
  if (!match) throw new Error(`cannot read the condition "${text}"`);
  const [, field = '', operator, values = ''] = match;
  return { field, values: values.split('|'), negated: operator === '!=' };
}

/** True when the condition holds for the values that `read` answers. */
export function conditionHolds(condition: Condition, read: (field: string) => string): boolean {
  return condition.some((terms) =>
    terms.every(({ field, values, negated }) => values.includes(read(field)) !== negated),
  );
}
