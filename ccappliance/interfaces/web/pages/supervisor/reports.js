// Reports of any days: rows with each figure's definition, a file for spreadsheets, and the calls behind a row.

import { get, path, query } from '../api.js';
import { t } from '../i18n.js';
import { html, useEffect, useState } from '../lib/ui.js';
import { clock, day, percent, useRows } from './parts.js';

const REPORTS = ['queues', 'agents', 'numbers', 'dispositions', 'lines', 'directions', 'calls'];
const PER = ['hour', 'day', 'month', 'year', 'total'];
const VARIANTS = ['a', 'b', 'c', 'd'];
const SHARES = ['service_level', 'occupancy'];
const TIMES = ['logged_in', 'ready', 'talk', 'hold', 'wrapup', 'paused', 'duration', 'longest', 'longest_wait', 'asa', 'aht', 'abandon_wait'];
const FILTER = { queues: 'queue', agents: 'agent', numbers: 'number', dispositions: 'disposition' }; // a row's name → how its calls are found

function cell(name, value) {
  if (value === null || value === undefined) return '–';
  if (SHARES.includes(name)) return percent(value);
  return TIMES.includes(name) ? clock(value) : String(value);
}

// The days of a row's time: "2026-11-22T08" is one day, "2026-11" a month; a total is as asked for.
function span(time, wanted) {
  if (time.length >= 10) return { since: time.slice(0, 10), until: time.slice(0, 10) };
  if (time.length === 7) return { since: `${time}-01`, until: `${time}-${String(new Date(Number(time.slice(0, 4)), Number(time.slice(5)), 0).getDate()).padStart(2, '0')}` };
  return time.length === 4 ? { since: `${time}-01-01`, until: `${time}-12-31` } : { since: wanted.since, until: wanted.until };
}

export function Reports({ session, open }) {
  const [rows, wrong, ask] = useRows();
  const [figures, setFigures] = useState([]);
  const [wanted, setWanted] = useState({ report: 'queues', since: day(6), until: day(), per: 'day', name: '', variant: 'b' });
  const { report, ...params } = wanted;
  async function show(asked) {
    const { report: which, ...others } = asked;
    ask(async () => {
      setFigures(await get(`${path('reports', which)}/figures`, { variant: others.variant }));
      return get(path('reports', which), others);
    });
  }
  useEffect(() => { show(wanted); }, []);
  function submit(event) {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    setWanted(given);
    show(given);
  }
  const choice = (name, label, options, word) => html`<label>${t(label)}<select name=${name} value=${wanted[name]}
    onChange=${({ target }) => setWanted({ ...wanted, [name]: target.value })}>${options.map((one) => html`<option key=${one} value=${one}>${word(one)}</option>`)}</select></label>`;
  const field = (name, label, type) => html`<label>${t(label)}<input name=${name} type=${type} value=${wanted[name]}
    onChange=${({ target }) => setWanted({ ...wanted, [name]: target.value })} /></label>`;
  return html`<section aria-label=${t('sup.reports')}>
    <form class="sup-find" onSubmit=${submit}>
      ${choice('report', 'sup.report', REPORTS, (one) => t(`sup.report.${one}`))}${choice('per', 'sup.per', PER, (one) => t(`sup.per.${one}`))}
      ${field('since', 'sup.since_day', 'date')}${field('until', 'sup.until_day', 'date')}${field('name', 'sup.name', 'text')}
      ${choice('variant', 'sup.variant', VARIANTS, (one) => one)}<button>${t('sup.show')}</button>
      <a download href=${`/api/v1${path('reports', report)}/file${query(params)}`}>${t('sup.csv')}</a>
    </form>
    <p class="wrong" role="alert">${wrong}</p>
    ${rows && (rows.length === 0 ? html`<p>${t('sup.nothing')}</p>` : html`<table class="sup-wide" data-found=${rows.length}><thead><tr>
      <th scope="col">${t('sup.time')}</th><th scope="col">${t('sup.name')}</th>
      ${figures.map(({ figure, definition }) => html`<th scope="col" key=${figure}><span class="sup-head" tabindex="0">${figure}
        <span class="sup-definition" role="tooltip">${definition}</span></span></th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${`${row.time} ${row.name}`}><td>${row.time}</td><td>${session.scopes.includes('history:read') && (FILTER[report] || !row.name)
        ? html`<button type="button" class="plain" onClick=${() => open('calls', { ...span(row.time ?? '', wanted), ...(row.name ? { [FILTER[report]]: row.name } : {}) })}>${row.name || t('sup.calls')}</button>`
        : row.name}</td>
        ${figures.map(({ figure }) => html`<td key=${figure}>${cell(figure, row[figure])}</td>`)}</tr>`)}</tbody></table>`)}
  </section>`;
}
