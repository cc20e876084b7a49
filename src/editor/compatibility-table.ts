import { stackLabel, verdictGroups, type VerdictGroup, type Verdicts } from './compatibility-groups';
import { element } from './dom';
import { sharedText, sharedTextOr } from './text';

const ICONS: Record<Verdicts[string]['verdict'], string> = {
  ok: 'fa-check',
  limited: 'fa-exclamation-triangle',
  refused: 'fa-times',
};

/** Which devices and programs can use a certificate: a column for each, and below it why not. */
export function compatibilityTable(verdicts: Verdicts): HTMLElement {
  // A list that looks like a table: in a narrow sidebar the columns go on in the next line.
  const columns = element('ul', { class: 'secure-mqtt-stacks' });
  for (const [stack, { verdict }] of Object.entries(verdicts)) columns.append(columnOf(stack, verdict));
  const groups = verdictGroups(verdicts);
  const reasons = element('ul');
  for (const group of groups) reasons.append(reasonLine(group));
  if (groups.length === 0) reasons.append(element('li', { text: sharedText('compatibility.all') }));
  return element('div', { class: 'secure-mqtt-compatibility' }, columns, reasons);
}

function columnOf(stack: string, verdict: Verdicts[string]['verdict']): HTMLElement {
  const label = headOf(stack);
  const icon = element('i', { class: `fa ${ICONS[verdict]} secure-mqtt-verdict-${verdict}` });
  icon.setAttribute('aria-hidden', 'true');
  const words = element('span', { class: 'secure-mqtt-unseen', text: sharedText(`compatibility.${verdict}`) });
  const column = element('li', { title: wordsOf(label, verdict) }, element('span', { text: label }), icon, words);
  column.dataset.stack = stack;
  column.dataset.verdict = verdict;
  return column;
}

/** Names of products are the same in every language, words are not. */
function headOf(stack: string): string {
  return sharedTextOr(`compatibility.stack.${stack}`, stackLabel(stack));
}

function wordsOf(label: string, verdict: string): string {
  return `${label}: ${sharedText(`compatibility.${verdict}`)}`;
}

/** In the language of the editor where the catalogue knows the rule; else as the runtime says it. */
function reasonLine({ verdict, rule, stacks, reason, hint }: VerdictGroup): HTMLElement {
  const who = element('b', { class: `secure-mqtt-verdict-${verdict}`, text: stacks.map(headOf).join(', ') });
  const line = element('li', {}, who);
  const why = sharedTextOr(`compatibility.reason.${rule}`, reason);
  const mend = sharedTextOr(`compatibility.hint.${rule}`, hint);
  line.append(
    ` – ${sharedText('compatibility.because', { verdict: sharedText(`compatibility.${verdict}`), why, mend })}`,
  );
  return line;
}
