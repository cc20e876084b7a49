import { codedError } from '../model/errors';
import type { DerElement } from './der-element';
import { tagName, TAG_CLASS, type TagClass } from './der-tags';

/** The fields of a SEQUENCE, taken in the order of its definition; {@link end} refuses what is left. */
export class DerFields {
  private at = 0;

  constructor(
    private readonly owner: string,
    private readonly elements: readonly DerElement[],
  ) {}

  /** The next field, which must be there. */
  next(what: string): DerElement {
    const element = this.elements[this.at];
    if (!element) throw codedError('DER_MALFORMED', `${this.owner}: ${what} is missing`, { field: what });
    this.at += 1;
    return element;
  }

  /** The next field if it has one of these universal tags. */
  optional(...tagNumbers: number[]): DerElement | undefined {
    return this.take((element) => tagNumbers.some((tagNumber) => element.is(tagNumber)));
  }

  /** The next field if it is `[n]`. */
  optionalContext(tagNumber: number): DerElement | undefined {
    return this.take((element) => element.is(tagNumber, TAG_CLASS.context as TagClass));
  }

  /** Nothing may be left. */
  end(): void {
    const element = this.elements[this.at];
    if (element) {
      const found = tagName(element.tagClass, element.tagNumber);
      throw codedError('DER_MALFORMED', `${this.owner}: unexpected ${found}`, { field: this.owner });
    }
  }

  private take(wanted: (element: DerElement) => boolean): DerElement | undefined {
    const element = this.elements[this.at];
    if (!element || !wanted(element)) return undefined;
    this.at += 1;
    return element;
  }
}
