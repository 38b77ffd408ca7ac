// Calls that are over, found by all that is known of them; with the recorded ones alone, each with its player.

import { get } from '../api.js';
import { t } from '../i18n.js';
import { Fragment, html, useEffect, useState } from '../lib/ui.js';
import { clock, day, useRows } from './parts.js';
import { Player } from './player.js';

const PAGE = 50;
const FIELDS = [['since', 'since_day', 'date'], ['until', 'until_day', 'date'], ['number', 'number'], ['agent', 'agent'], ['queue', 'queue'],
  ['disposition', 'disposition'], ['shortest', 'shortest', 'number'], ['longest', 'longest_s', 'number'], ['words', 'words'], ['tags', 'tags'],
  ['variable', 'variable']];

export function Calls({ recorded, asked, session, explain }) {
  const [rows, wrong, ask] = useRows();
  const [wanted, setWanted] = useState({ since: day(), ...asked });
  const [opened, setOpened] = useState('');
  const find = (params, before = []) => ask(() => get(recorded ? '/history/recordings' : '/history/calls', { ...params,
    tags: params.tags ? params.tags.split(/[,，\s]+/).filter(Boolean) : undefined, limit: PAGE,
    before: before.length ? before[before.length - 1].seq : undefined }), before);
  useEffect(() => { find(wanted); }, []);
  function submit(event) {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    setWanted(given);
    setOpened('');
    find(given);
  }
  return html`<section aria-label=${t(recorded ? 'sup.recordings' : 'sup.calls')}>
    <form class="sup-find" onSubmit=${submit}>
      ${FIELDS.map(([name, word, type = 'text']) => html`<label key=${name}>${t(`sup.${word}`)}
        <input name=${name} type=${type} min=${type === 'number' ? 0 : undefined} defaultValue=${wanted[name] ?? ''} /></label>`)}
      <button>${t('sup.find')}</button></form>
    <p class="wrong" role="alert">${wrong}</p>
    ${rows && (rows.length === 0 ? html`<p>${t('sup.nothing')}</p>` : html`<table class="sup-wide" data-found=${rows.length}><thead><tr>
      ${['started', 'direction', 'caller', 'called', 'queue', 'agent', 'disposition', 'wait', 'talk', 'tags', 'actions'].map((name) => html`
        <th scope="col" key=${name}>${t(`sup.${name}`)}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<${Fragment} key=${row.id}><tr data-call=${row.id}>
        <td>${new Date(row.started_at).toLocaleString()}</td><td>${row.direction}</td><td>${row.calling} ${row.name}</td><td>${row.called}</td>
        <td>${row.queue}</td><td>${row.agent}</td><td>${row.disposition}</td><td>${clock(row.wait)}</td><td>${clock(row.talk)}</td>
        <td>${row.tags.join(', ')}</td><td class="sup-verbs">
          <button type="button" class="plain" onClick=${() => explain(row.id)}>${t('sup.explain')}</button>
          ${row.recordings.length > 0 && session.scopes.includes('recordings:play') && html`<button type="button" class="sup-verb" data-verb="play"
            aria-expanded=${opened === row.id} onClick=${() => setOpened(opened === row.id ? '' : row.id)}>${t('sup.play')}</button>`}</td></tr>
        ${opened === row.id && html`<tr><td colspan="11"><${Player} call=${row} session=${session} /></td></tr>`}<//>`)}</tbody></table>
      ${rows.length % PAGE === 0 && html`<button type="button" onClick=${() => find(wanted, rows)}>${t('sup.more')}</button>`}`)}
  </section>`;
}
