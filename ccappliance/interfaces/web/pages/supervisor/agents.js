// The agent grid: each agent with his state and his call, and what a supervisor may do about either.

import { path, post } from '../api.js';
import { t } from '../i18n.js';
import { html, useState } from '../lib/ui.js';
import { clock, stateWord, Twice, useActs, Verb } from './parts.js';

const STATION = 'ccappliance.supervisor.station';
const WITH_CALL = ['talking', 'hold'];
const MODES = ['monitor', 'whisper', 'barge', 'takeover'];

export function Agents({ floor, session, explain }) {
  const mine = floor.agents.find((agent) => agent.number === session.agent)?.station;
  const [station, setStation] = useState(localStorage.getItem(STATION) ?? mine ?? '');
  const [why, setWhy] = useState('');
  const [said, act, say] = useActs();
  const may = (scope) => session.scopes.includes(scope);
  const calls = new Map(floor.calls.map((call) => [call.id, call]));

  function listen(agent, mode) {
    if (!station) { say({ text: t('sup.need_station'), wrong: true }); return; }
    act(mode, post(path('calls', agent.call, 'listeners'), { station, mode }));
  }
  const force = (agent, state) => act(`force_${state}`, post(path('agents', agent.number, 'force'), { state, why }));
  const release = (agent) => act('release', post(path('calls', agent.call, 'release'), { why }));

  return html`<section aria-label=${t('sup.agents')}>
    <div class="sup-tools">
      ${may('calls:listen') && html`<label>${t('sup.my_station')}<input size="8" value=${station} name="station"
        onInput=${({ target }) => { setStation(target.value.trim()); localStorage.setItem(STATION, target.value.trim()); }} /></label>`}
      ${may('agents:write') && html`<label>${t('sup.why')}<input size="30" value=${why} name="why" onInput=${({ target }) => setWhy(target.value)} /></label>`}
      ${said}
    </div>
    <div class="sup-grid">${floor.agents.map((agent) => {
      const call = calls.get(agent.call), talks = WITH_CALL.includes(agent.state) && call, here = agent.state !== 'logged_out';
      return html`<article key=${agent.number} class=${`sup-card sup-state-${agent.state}`} data-agent=${agent.number}>
        <h3>${agent.number} ${agent.name}</h3>
        <p><strong>${stateWord(agent.state)}</strong> ${agent.reason} · ${clock(agent.since)}${agent.station && ` · ${agent.station}`}</p>
        <p class="sup-call">${call ? html`${call.calling} → ${call.called} · ${clock(call.seconds)}
          <button type="button" class="plain" onClick=${() => explain(call.id)}>${t('sup.explain')}</button>` : '\u00a0'}</p>
        <div class="sup-verbs">
          ${talks && may('calls:listen') && MODES.map((mode) => html`<${Verb} key=${mode} verb=${mode} onDo=${() => listen(agent, mode)} />`)}
          ${talks && may('calls:write') && html`<${Twice} verb="release" onDo=${() => release(agent)} />`}
          ${here && may('agents:write') && html`
            ${agent.state !== 'paused' && html`<${Verb} verb="force_pause" onDo=${() => force(agent, 'pause')} />`}
            ${agent.state !== 'ready' && html`<${Verb} verb="force_ready" onDo=${() => force(agent, 'ready')} />`}
            <${Twice} verb="force_logout" onDo=${() => force(agent, 'logout')} />`}
        </div></article>`;
    })}</div></section>`;
}
