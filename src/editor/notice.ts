import { element } from './dom';

/**
 * A note in the corner of the editor, one paragraph for each line. Node-RED takes a string for HTML; refusals and remarks
 * repeat names that certificates, nodes and files carry, and those must not become markup.
 */
export function notify(lines: string | readonly string[], kind: 'success' | 'warning' | 'error'): void {
  const paragraphs = [lines].flat().map((line) => element('p', { text: line }));
  RED.notify($(element('div', {}, ...paragraphs)), kind);
}
