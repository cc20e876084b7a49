/** Looks of the table of verdicts, in the dialogs and in the sidebar; where there is little room it goes on in a second line. */
export const COMPATIBILITY_STYLE = `
.secure-mqtt-compatibility { flex: 1 0 100%; min-width: 0; margin: 2px 0 6px; font-size: 12px; line-height: 1.45; }
.secure-mqtt-compatibility ul { margin: 6px 0 0; padding: 0; list-style: none; }
.secure-mqtt-compatibility > ul:last-child > li { margin: 0 0 4px; line-height: 1.45; color: var(--red-ui-primary-text-color); overflow-wrap: anywhere; }
.secure-mqtt-compatibility > .secure-mqtt-stacks { display: grid; grid-template-columns: repeat(auto-fit, minmax(56px, 1fr)); margin: 0 1px 1px 0; }
.secure-mqtt-stacks > li { display: flex; flex-direction: column; align-items: center; gap: 2px; margin: 0 -1px -1px 0; padding: 3px 2px; border: 1px solid var(--red-ui-secondary-border-color); background: var(--red-ui-form-background); }
.secure-mqtt-stacks > li > span:first-child { font-size: 11px; line-height: 1.3; color: var(--red-ui-secondary-text-color); white-space: nowrap; }
.secure-mqtt-verdict-ok { color: var(--red-ui-text-color-success); }
.secure-mqtt-verdict-limited { color: var(--red-ui-text-color-warning); }
.secure-mqtt-verdict-refused { color: var(--red-ui-text-color-error); }
.secure-mqtt-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
