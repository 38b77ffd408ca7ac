// The API: requests with the session's token, and errors as one class with stable codes.

const PREFIX = '/api/v1';
let csrf = '';

export class ApiError extends Error {
  // `code` is stable; `field` names the parameter that is wrong; `wait`: seconds until it may be tried again.
  constructor(status, { code, message, hint = '', field = '' }, wait = 0) {
    super(message);
    Object.assign(this, { status, code, hint, field, wait });
  }
}

// Whoever wants to know that the session is over (the shell shows the sign-in page).
const ended = new Set();
export const onSignedOut = (listener) => { ended.add(listener); return () => ended.delete(listener); };

async function ask(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (csrf && method !== 'GET') headers['X-CSRF-Token'] = csrf;
  let answer;
  try {
    answer = await fetch(PREFIX + path, { method, headers, credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new ApiError(0, { code: 'unreachable', message: 'the machine does not answer' });
  }
  let found = null;
  try { found = await answer.json(); } catch { /* not JSON: told below by its status */ }
  if (answer.ok && found !== null) return found;
  const error = new ApiError(answer.status, found?.error ?? { code: 'internal', message: answer.statusText },
    Number(answer.headers.get('Retry-After') ?? 0));
  if (error.code === 'not_signed_in') for (const listener of ended) listener();
  throw error;
}

// A path of its parts, each encoded: path('calls', id, 'hangup')
export const path = (...parts) => '/' + parts.map((part) => encodeURIComponent(part)).join('/');

// A query of what is given: query({ limit: 20, number: '' }) is "?limit=20"
export function query(params) {
  const pairs = Object.entries(params).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const found = new URLSearchParams(pairs.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)])));
  return pairs.length ? `?${found}` : '';
}

export const get = (where, params = {}) => ask('GET', where + query(params));
export const post = (where, body = {}) => ask('POST', where, body);
export const put = (where, body = {}) => ask('PUT', where, body);
export const remove = (where, params = {}) => ask('DELETE', where + query(params));

function keep(session) { csrf = session.csrf; return session; }
export const session = {
  show: async () => keep(await get('/session')),
  begin: async (user, password) => keep(await post('/session', { user, password })),
  code: async (code, user, password) => keep(await post('/session/code', { code, user, password })),
  end: async () => keep(await remove('/session')),
};
