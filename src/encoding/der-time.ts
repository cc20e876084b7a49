import { TAG } from './der-tags';

/** `YYMMDDHHMMSSZ` and `YYYYMMDDHHMMSSZ`: no other form is allowed (RFC 5280 §4.1.2.5.1, §4.1.2.5.2). */
const FORMS: Record<number, RegExp> = {
  [TAG.utcTime]: /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
  [TAG.generalizedTime]: /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
};

/** @returns undefined for any other form and for days that do not exist */
export function readTime(tagNumber: number, content: Buffer): Date | undefined {
  const match = content.length <= 15 ? FORMS[tagNumber]?.exec(content.toString('latin1')) : undefined;
  if (!match) return undefined;
  const [yearDigits = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  // Two digits: 50-99 are 19xx, 00-49 are 20xx.
  const century = tagNumber === TAG.utcTime ? (yearDigits >= 50 ? 1900 : 2000) : 0;
  const date = new Date(0);
  date.setUTCFullYear(century + yearDigits, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const exists =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return exists ? date : undefined;
}
