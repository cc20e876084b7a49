import { AdminRefusal, downloadFromAdmin, refusalText } from './admin-client';
import { button } from './dom';
import { notify } from './notice';
import { sharedText } from './text';

/** A button that downloads what a deployed export node wrote last; before its first message that is the CA alone. */
export function zipDownload(place: JQuery, id: string): void {
  place.append(button(sharedText('zip.download'), 'fa-download', () => void download(id)));
}

async function download(id: string): Promise<void> {
  try {
    await downloadFromAdmin(`exports/${encodeURIComponent(id)}/zip`, { method: 'POST' });
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    notify(refusalText(error.refusal), 'error');
  }
}
