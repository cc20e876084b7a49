import type { ProbeAnswer } from '../model/probe-view';
import { AdminRefusal, askAdmin, refusalText } from './admin-client';
import type { DialogForm } from './dialog-form';
import { button, element } from './dom';
import { draftOf } from './node-draft';
import { probeCard, problemCard, remarkCard } from './probe-card';
import type { EditedNode } from './red';
import { sharedText } from './text';

interface PanelTexts {
  /** On the button. */
  start: string;
  /** Under it, until it was pressed: what will happen. */
  about: string;
}

/** The button of a dialog that probes with what is typed, not deployed; the answer stands as cards under it. */
export class ProbePanel {
  private running: AbortController | undefined;
  private readonly start: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly hide: HTMLButtonElement;
  private readonly progress = element('span', { class: 'secure-mqtt-quiet' });
  private readonly answer = element('div', { class: 'secure-mqtt-answer' });

  /** @param place where it goes in the form; when that leaves the page the probe is called off */
  constructor(
    place: JQuery,
    private readonly form: DialogForm,
    private readonly node: EditedNode<unknown>,
    texts: PanelTexts,
  ) {
    this.start = button(texts.start, 'fa-stethoscope', () => void this.probe());
    this.stop = button(sharedText('probe.stop'), 'fa-stop', () => this.running?.abort());
    this.hide = button(sharedText('probe.hide'), 'fa-times', () => this.clear());
    this.stop.hidden = this.hide.hidden = true;
    this.progress.textContent = texts.about;
    this.answer.setAttribute('aria-live', 'polite');
    place.append(
      element('div', { class: 'secure-mqtt-buttons' }, this.start, this.stop, this.hide, this.progress),
      this.answer,
    );
    // jQuery UI tells every element that jQuery removes; so the dialog need not know by which way it was closed.
    place.on('remove', () => this.running?.abort());
  }

  private async probe(): Promise<void> {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.show(true, sharedText('probe.running'));
    this.answer.replaceChildren();
    this.hide.hidden = true;
    try {
      const body = draftOf(this.form, this.node);
      const answer = await askAdmin<ProbeAnswer>('probe', { method: 'POST', body, signal: running.signal });
      if (this.running === running) this.showAnswer(answer);
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
      if (this.running === running) this.show(false, running.signal.aborted ? '' : refusalText(error.refusal));
    }
  }

  private showAnswer({ views, targets, problem, remarks }: ProbeAnswer): void {
    const shown = views.length;
    this.show(false, targets > shown && shown > 0 ? sharedText('probe.first', { shown, targets }) : '');
    this.answer.replaceChildren(
      ...(problem ? [problemCard(problem)] : []),
      ...views.map(probeCard),
      ...remarks.map(remarkCard),
    );
    this.hide.hidden = false;
    this.answer.scrollIntoView({ block: 'nearest' });
  }

  private clear(): void {
    this.answer.replaceChildren();
    this.hide.hidden = true;
    this.start.focus();
  }

  private show(isRunning: boolean, text: string): void {
    this.stop.hidden = !isRunning;
    this.start.disabled = isRunning;
    this.progress.textContent = text;
    this.progress.classList.toggle('secure-mqtt-running', isRunning);
    this.answer.setAttribute('aria-busy', String(isRunning));
  }
}
