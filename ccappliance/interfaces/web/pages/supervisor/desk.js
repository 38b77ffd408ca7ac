// The supervisor's desk: its views, and the floor they are drawn from.

import { addDesk } from '../app.js';
import { get } from '../api.js';
import { t } from '../i18n.js';
import { html, useEffect, useState } from '../lib/ui.js';
import { Agents } from './agents.js';
import { Calls } from './calls.js';
import { Explain } from './explain.js';
import { Queues } from './queues.js';
import { Reports } from './reports.js';
import { useStream } from './stream.js';
import { Wallboard } from './wallboard.js';
import './words.js';

// Its views in the order of their keys (Alt+1 …), with the right each needs besides the floor's.
const VIEWS = [['wallboard', 'floor:read'], ['agents', 'floor:read'], ['queues', 'queues:entries'], ['calls', 'history:read'],
  ['recordings', 'recordings:read'], ['reports', 'reports:read']];

function SupervisorDesk({ session }) {
  const [floor, fresh] = useStream('/streams/floor?every=0.5');
  const [limits, setLimits] = useState(null);
  const [view, setView] = useState({ name: 'wallboard', asked: {}, turn: 0 });
  const [call, setCall] = useState('');
  const views = VIEWS.filter(([, scope]) => session.scopes.includes(scope));
  const open = (name, asked = {}) => setView((before) => ({ name, asked, turn: before.turn + 1 }));
  useEffect(() => { get('/wallboard').then(setLimits, () => setLimits({})); }, []);
  useEffect(() => {
    const onKey = (event) => {
      const chosen = event.altKey && !event.ctrlKey && /^Digit[1-9]$/.test(event.code) ? views[Number(event.code.slice(5)) - 1] : null;
      if (chosen) { event.preventDefault(); open(chosen[0]); }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [session]);
  const given = { floor, limits, session, open, explain: setCall, asked: view.asked, key: view.turn };
  return html`<div class="sup">
    <nav class="sup-views">${views.map(([name], number) => html`<button key=${name} type="button" class="plain" data-view=${name}
      aria-current=${view.name === name ? 'page' : undefined} title=${`Alt+${number + 1}`} onClick=${() => open(name)}>${t(`sup.${name}`)}</button>`)}</nav>
    ${!fresh && html`<p class="lost" role="status">${t('sup.lost')}</p>`}
    ${floor && limits && html`
      ${view.name === 'wallboard' && html`<${Wallboard} ...${given} />`}
      ${view.name === 'agents' && html`<${Agents} ...${given} />`}
      ${view.name === 'queues' && html`<${Queues} ...${given} />`}`}
    ${view.name === 'calls' && html`<${Calls} ...${given} />`}
    ${view.name === 'recordings' && html`<${Calls} recorded ...${given} />`}
    ${view.name === 'reports' && html`<${Reports} ...${given} />`}
    ${call && html`<${Explain} call=${call} onClose=${() => setCall('')} />`}</div>`;
}

addDesk({ name: 'supervisor', title: 'sup.desk', may: (session) => session.scopes.includes('floor:read'), View: SupervisorDesk });
