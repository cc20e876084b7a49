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
  const groups = verdictGroups(verdicts);
  const head = element('tr');
  const row = element('tr');
  for (const [stack, { verdict }] of Object.entries(verdicts)) {
    const label = stackLabel(stack);
    const heading = element('th', { text: label });
    heading.scope = 'col';
    const cell = element('td', { class: `secure-mqtt-verdict-${verdict}`, title: wordsOf(label, verdict) });
    cell.dataset.stack = stack;
    const icon = element('i', { class: `fa ${ICONS[verdict]}` });
    icon.setAttribute('aria-hidden', 'true');
    cell.append(icon, element('span', { class: 'secure-mqtt-unseen', text: sharedText(`compatibility.${verdict}`) }));
    head.append(heading);
    row.append(cell);
  }
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, row));
  const reasons = element('ul');
  for (const group of groups) reasons.append(reasonLine(group));
  if (groups.length === 0) reasons.append(element('li', { text: sharedText('compatibility.all') }));
  return element('div', { class: 'secure-mqtt-compatibility' }, element('div', {}, table), reasons);
}

function wordsOf(label: string, verdict: string): string {
  return `${label}: ${sharedText(`compatibility.${verdict}`)}`;
}

/** In the language of the editor where the catalogue knows the rule; else as the runtime says it. */
function reasonLine({ verdict, rule, labels, reason, hint }: VerdictGroup): HTMLElement {
  const who = element('b', { class: `secure-mqtt-verdict-${verdict}`, text: labels.join(', ') });
  const line = element('li', {}, who);
  const why = sharedTextOr(`compatibility.reason.${rule}`, reason);
  const mend = sharedTextOr(`compatibility.hint.${rule}`, hint);
  line.append(
    ` ${sharedText('compatibility.because', { verdict: sharedText(`compatibility.${verdict}`), why, mend })}`,
  );
  return line;
}
