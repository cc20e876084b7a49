/** Looks of the cards that show a probe; every colour is a variable of the theme, and every colour has words beside it. */
export const PROBE_STYLE = `
.secure-mqtt-try { margin: 4px 0 14px; }
.secure-mqtt-note { color: var(--red-ui-primary-text-color); }
.secure-mqtt-quiet { font-weight: normal; font-size: 12px; line-height: 1.45; color: var(--red-ui-secondary-text-color); overflow-wrap: anywhere; }
.secure-mqtt-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.secure-mqtt-try > .secure-mqtt-buttons > .secure-mqtt-quiet { flex: 1 1 180px; }
.secure-mqtt-running::before { content: "\\f110"; font-family: FontAwesome; display: inline-block; margin-right: 6px; animation: fa-spin 2s infinite linear; }
.secure-mqtt-answer:not(:empty) { margin-top: 10px; }
.secure-mqtt-probe { margin-bottom: 10px; }
.secure-mqtt-probe[data-state="ok"] { border-left-color: var(--red-ui-border-color-success); }
.secure-mqtt-probe[data-state="warning"] { border-left-color: var(--red-ui-border-color-warning); }
.secure-mqtt-probe[data-state="critical"] { border-left-color: var(--red-ui-border-color-error); }
.secure-mqtt-probe h4 { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: baseline; }
.secure-mqtt-probe[data-state="ok"] h4 > i { color: var(--red-ui-text-color-success); }
.secure-mqtt-probe[data-state="warning"] h4 > i, .secure-mqtt-remark > i { color: var(--red-ui-text-color-warning); }
.secure-mqtt-probe[data-state="critical"] h4 > i, .secure-mqtt-chain [data-state="critical"] i { color: var(--red-ui-text-color-error); }
.secure-mqtt-probe h5 { margin: 12px 0 4px; font-size: 13px; line-height: 1.4; font-weight: 600; }
.secure-mqtt-probe p { overflow-wrap: anywhere; user-select: text; }
.secure-mqtt-remark { display: flex; gap: 8px; align-items: baseline; }
.secure-mqtt-probe dl { gap: 2px 12px; font-size: 12px; margin: 0 0 6px; grid-template-columns: minmax(70px, max-content) minmax(0, 1fr); }
.secure-mqtt-probe summary { font-size: 12px; padding: 2px 0; color: var(--red-ui-secondary-text-color); cursor: pointer; }
.secure-mqtt-probe summary:focus-visible, .secure-mqtt-lifetime:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: 1px; }
.secure-mqtt-probe ol.secure-mqtt-stages { display: flex; flex-wrap: wrap; gap: 4px; margin: 8px 0; padding: 0; list-style: none; }
.secure-mqtt-stages > li { display: flex; gap: 5px; align-items: center; position: relative; padding: 1px 8px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 10px; font-size: 12px; line-height: 1.5; }
.secure-mqtt-stages > li > i { font-size: 11px; }
.secure-mqtt-stages > [data-outcome="passed"] > i { color: var(--red-ui-text-color-success); }
.secure-mqtt-stages > [data-outcome="failed"] { border-color: var(--red-ui-border-color-error); font-weight: 600; }
.secure-mqtt-stages > [data-outcome="failed"] > i { color: var(--red-ui-text-color-error); }
.secure-mqtt-stages > [data-outcome="unreached"], .secure-mqtt-stages > [data-outcome="skipped"] { border-style: dashed; color: var(--red-ui-secondary-text-color); }
.secure-mqtt-probe ol.secure-mqtt-chain { margin: 0; padding: 0; list-style: none; }
.secure-mqtt-chain > li { margin: 0 0 0 6px; padding: 2px 0 8px 14px; border-left: 2px solid var(--red-ui-secondary-border-color); overflow-wrap: anywhere; line-height: 1.4; }
.secure-mqtt-chain > li:last-child { padding-bottom: 2px; }
.secure-mqtt-chain > [data-role="surplus"] { border-left-style: dashed; }
.secure-mqtt-chain > [data-state="critical"] { border-left-color: var(--red-ui-border-color-error); }
.secure-mqtt-chain > .secure-mqtt-break, .secure-mqtt-chain .secure-mqtt-blamed { display: flex; gap: 8px; align-items: baseline; font-weight: 600; }
.secure-mqtt-chain > .secure-mqtt-break { border-left-style: dashed; }
.secure-mqtt-chain-head { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: baseline; user-select: text; }
.secure-mqtt-badge { flex: 0 0 auto; padding: 0 6px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 3px; font-size: 11px; line-height: 1.5; }
.secure-mqtt-lifetime-row { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: center; margin: 4px 0; font-size: 12px; }
.secure-mqtt-lifetime { flex: 1 1 90px; max-width: 220px; height: 8px; border: 1px solid var(--red-ui-form-input-border-color); border-radius: 5px; overflow: hidden; background: var(--red-ui-primary-background); }
.secure-mqtt-lifetime > span { display: block; height: 100%; }
.secure-mqtt-lifetime[data-state="ok"] > span { background: var(--red-ui-border-color-success); }
.secure-mqtt-lifetime[data-state="warning"] > span { background: var(--red-ui-border-color-warning); }
.secure-mqtt-lifetime[data-state="critical"] > span { background: var(--red-ui-border-color-error); }
`;
