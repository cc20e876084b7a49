/** Looks of the table of verdicts, in the dialogs and in the sidebar; it scrolls sideways when there are many columns. */
export const COMPATIBILITY_STYLE = `
.secure-mqtt-compatibility { flex: 1 0 100%; min-width: 0; margin: 2px 0 6px; font-size: 12px; line-height: 1.45; }
.secure-mqtt-compatibility > div { overflow-x: auto; }
.secure-mqtt-compatibility table { width: 100%; margin: 0; border-collapse: collapse; table-layout: auto; }
.secure-mqtt-compatibility th, .secure-mqtt-compatibility td { padding: 3px 4px; border: 1px solid var(--red-ui-secondary-border-color); text-align: center; }
.secure-mqtt-compatibility th { font-weight: normal; font-size: 11px; color: var(--red-ui-secondary-text-color); white-space: nowrap; }
.secure-mqtt-compatibility ul { margin: 6px 0 0; padding: 0; list-style: none; }
.secure-mqtt-compatibility li { margin: 0 0 4px; line-height: 1.45; color: var(--red-ui-primary-text-color); overflow-wrap: anywhere; }
.secure-mqtt-verdict-ok { color: var(--red-ui-text-color-success); }
.secure-mqtt-verdict-limited { color: var(--red-ui-text-color-warning); }
.secure-mqtt-verdict-refused { color: var(--red-ui-text-color-error); }
.secure-mqtt-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
