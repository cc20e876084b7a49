import { AdminRefusal, askAdmin, refusalText } from './admin-client';
import { button, element } from './dom';
import { sharedText } from './text';

interface Key {
  subject: string;
  fingerprint256: string;
  /** ISO 8601. */
  notAfter: string;
}

/** What the route `authorities/<id>/rollover` answers. */
interface Rollover {
  step: 'stable' | 'introduced' | 'switched';
  current: Key;
  next?: Key;
  former?: Key & { valid: number; waiting: number };
}

interface Options {
  /** Id of the tls-ca node. */
  id: string;
  /** What must be typed to retire a key that is in use. */
  name: string;
  /** Told after each step: the card shows another certificate then. */
  onChange(): void;
}

/** What can be done at each step, the usual first. */
const STEPS = {
  stable: ['renew', 'introduce'],
  introduced: ['switch', 'cancel'],
  switched: ['retire'],
} as const;

const ICONS = {
  renew: 'fa-refresh',
  introduce: 'fa-key',
  switch: 'fa-exchange',
  cancel: 'fa-undo',
  retire: 'fa-archive',
};

/** Renewing a CA and replacing its key: where it stands, and a button for what follows. */
export function authorityRollover(options: Options): HTMLElement {
  const place = element('div', { class: 'secure-mqtt-rollover' });
  place.setAttribute('aria-live', 'polite');
  const path = `authorities/${encodeURIComponent(options.id)}/rollover`;
  const show = (state: Rollover, problem = ''): void => {
    const { step, next, former } = state;
    const facts = {
      next: next?.subject ?? '',
      former: former?.subject ?? '',
      valid: former?.valid ?? 0,
      waiting: former?.waiting ?? 0,
    };
    const buttons = element('div', { class: 'secure-mqtt-buttons' });
    for (const one of STEPS[step]) {
      const label = sharedText(`rollover.${one}`);
      const typed = one === 'retire' ? nameField(options.name) : undefined;
      if (typed) buttons.append(typed);
      const act = button(label, ICONS[one], () => {
        act.disabled = true;
        void take({ step: one, ...(typed?.value.trim() && { name: typed.value }) }, state);
      });
      buttons.append(act);
    }
    const parts = [element('h4', { text: sharedText('rollover.title') })];
    parts.push(element('p', { text: sharedText(`rollover.${step}`, facts) }), buttons);
    if (problem) parts.push(element('p', { class: 'secure-mqtt-wrong', text: problem }));
    place.dataset.step = step;
    place.replaceChildren(...parts);
  };
  const take = async (body: object, before: Rollover): Promise<void> => {
    try {
      show(await askAdmin<Rollover>(path, { method: 'POST', body }));
      options.onChange();
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
      show(before, refusalText(error.refusal));
    }
  };
  askAdmin<Rollover>(path).then(
    (state) => show(state),
    () => place.remove(),
  );
  return place;
}

function nameField(name: string): HTMLInputElement {
  const typed = element('input');
  typed.type = 'text';
  typed.placeholder = sharedText('rollover.force', { name });
  typed.setAttribute('aria-label', sharedText('rollover.force', { name }));
  return typed;
}
