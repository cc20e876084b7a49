import { isCodedError } from '../model/errors';
import { readDer, type DerElement } from '../encoding/der-reader';
import { TAG } from '../encoding/der-tags';

export type KeyForm = 'pkcs8' | 'pkcs1' | 'sec1' | 'encrypted-pkcs8' | 'certificate';

interface Shape {
  form: KeyForm;
  /** Universal tags of the first elements. */
  begins: readonly number[];
}

/** How each form begins: PKCS#8 (RFC 5958 §2, §3), PKCS#1 (RFC 8017 A.1.2), SEC1 (RFC 5915 §3), certificate. */
const SHAPES: readonly Shape[] = [
  { form: 'pkcs8', begins: [TAG.integer, TAG.sequence, TAG.octetString] },
  { form: 'pkcs1', begins: [TAG.integer, TAG.integer, TAG.integer] },
  { form: 'sec1', begins: [TAG.integer, TAG.octetString] },
  { form: 'encrypted-pkcs8', begins: [TAG.sequence, TAG.octetString] },
  { form: 'certificate', begins: [TAG.sequence, TAG.sequence, TAG.bitString] },
];

/** Which form of private key some DER is; undefined when it is none. */
export function keyFormOf(bytes: Buffer): KeyForm | undefined {
  let elements: readonly DerElement[];
  try {
    elements = readDer(bytes).list('private key');
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return undefined;
  }
  return SHAPES.find(({ begins }) => begins.every((tag, index) => elements[index]?.is(tag)))?.form;
}
