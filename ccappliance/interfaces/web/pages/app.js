// The shell: who is signed in, which desk he sees, and the way out. Desks register themselves (README.md).

import { get, onSignedOut, session } from './api.js';
import { choose, language, t, tError } from './i18n.js';
import { html, render, useEffect, useState } from './lib/ui.js';
import { useFeed } from './use_feed.js';

const desks = [];
// A desk: { name, title: word's name, may: (session) => boolean, View: component of { session } }
export const addDesk = (desk) => desks.push(desk);

function SignIn({ site, needsSetup, onIn }) {
  const [byCode, setByCode] = useState(needsSetup);
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  async function submit(event) {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(event.target));
    setBusy(true);
    try {
      onIn(await (byCode ? session.code(given.code, given.user, given.password)
        : session.begin(given.user, given.password)));
    } catch (error) {
      setWrong(tError(error));
    } finally {
      setBusy(false);
    }
  }
  return html`<main class="sign-in">
    <h1>${site}</h1>
    ${needsSetup && html`<p>${t('shell.setup')}</p>`}
    <form onSubmit=${submit}>
      ${byCode && html`<label>${t('shell.code')}<input name="code" autocomplete="one-time-code" required /></label>`}
      <label>${t('shell.user')}<input name="user" autocomplete="username" autocapitalize="none" required /></label>
      <label>${t(byCode ? 'shell.new_password' : 'shell.password')}
        <input name="password" type="password" required autocomplete=${byCode ? 'new-password' : 'current-password'} /></label>
      <p class="wrong" role="alert">${wrong}</p>
      <button disabled=${busy}>${t('shell.sign_in')}</button>
    </form>
    ${!needsSetup && html`<button class="plain" onClick=${() => setByCode(!byCode)}>
      ${t(byCode ? 'shell.with_password' : 'shell.with_code')}</button>`}
  </main>`;
}

// What everybody may see, until he has a desk of his own: the house as it was told him at the feed's beginning, and read
// again when the feed says that something has changed, once in two seconds at most.
function Overview() {
  const [rows, setRows] = useState({ queues: [], agents: [] });
  const [changes, connection] = useFeed((count) => count + 1, 0);
  useEffect(() => {
    const timer = setTimeout(async () => {
      try { setRows({ queues: await get('/queues'), agents: await get('/agents') }); } catch { /* with the next change */ }
    }, rows.queues.length ? 2000 : 0);
    return () => clearTimeout(timer);
  }, [changes]);
  return html`${connection === 'lost' && html`<p class="lost" role="status">${t('shell.lost')}</p>`}
    <section><h2>${t('shell.queues')}</h2><table><thead><tr>
      <th scope="col">${t('shell.name')}</th><th scope="col">${t('shell.waiting')}</th>
      <th scope="col">${t('shell.longest')}</th><th scope="col">${t('shell.answered')}</th>
      <th scope="col">${t('shell.abandoned')}</th></tr></thead><tbody>
      ${rows.queues.map((row) => html`<tr key=${row.name}><th scope="row">${row.label || row.name}</th><td>${row.waiting}</td>
        <td>${Math.round(row.longest_wait)} s</td><td>${row.answered}</td><td>${row.abandoned}</td></tr>`)}
    </tbody></table></section>
    <section><h2>${t('shell.agents')}</h2><table><tbody>
      ${rows.agents.map((row) => html`<tr key=${row.number}><th scope="row">${row.number} ${row.name}</th><td>${row.state}</td></tr>`)}
    </tbody></table></section>`;
}

function Shell() {
  const [who, setWho] = useState(null);
  const [, redraw] = useState(0);
  const refresh = () => session.show().then(setWho, () => setTimeout(refresh, 2000));
  useEffect(() => { refresh(); return onSignedOut(refresh); }, []);
  if (!who) return null;
  const other = language() === 'en' ? 'zh-CN' : 'en';
  const mine = desks.filter((desk) => desk.may(who));
  const desk = mine.find(({ name }) => location.hash === `#${name}`) ?? mine[0];
  return html`<header><strong>${who.site}</strong>
      <nav>${mine.map(({ name, title }) => html`<a href="#${name}" key=${name} aria-current=${name === desk?.name ? 'page' : undefined}
        onClick=${() => setTimeout(() => redraw((count) => count + 1))}>${t(title)}</a>`)}</nav>
      <button class="plain" lang=${other} onClick=${() => { choose(other); redraw((count) => count + 1); }}>${t('shell.language')}</button>
      ${who.user && html`<span>${who.user}</span>
        <button class="plain" onClick=${() => session.end().then(setWho, refresh)}>${t('shell.sign_out')}</button>`}
    </header>
    ${!who.user ? html`<${SignIn} site=${who.site} needsSetup=${who.needs_setup} onIn=${setWho} />`
      : html`<main>${desk ? html`<${desk.View} session=${who} />` : html`<${Overview} />`}</main>`}`;
}

export const start = () => render(html`<${Shell} />`, document.getElementById('app'));
