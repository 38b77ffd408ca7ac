// Words of the console in two languages; which one: what was chosen here, else what the browser asks for.

const KEPT = 'ccappliance.language';
const DICTIONARIES = { 'zh-CN': {}, en: {} };

// Desks add theirs: add({ 'agent.ready': ['示闲', 'Ready'] })
export function add(words) {
  for (const [name, [zh, en]] of Object.entries(words)) {
    DICTIONARIES['zh-CN'][name] = zh;
    DICTIONARIES.en[name] = en;
  }
}

function asked() {
  const kept = localStorage.getItem(KEPT);
  if (kept in DICTIONARIES) return kept;
  return navigator.languages.find((one) => /^(zh|en)\b/i.test(one))?.toLowerCase().startsWith('en') ? 'en' : 'zh-CN';
}

let current = asked();
export const language = () => current;
export function choose(wanted) {
  current = wanted;
  localStorage.setItem(KEPT, wanted);
  document.documentElement.lang = wanted;
}

// A word by its name; {places} are filled. A name without a word shows itself, so that it is seen and added.
export function t(name, values = {}) {
  const word = DICTIONARIES[current][name] ?? DICTIONARIES.en[name] ?? name;
  return word.replace(/\{(\w+)\}/g, (_, place) => String(values[place] ?? ''));
}

// An error of the API in the user's language; codes without a word of their own are told by the message.
export function tError(error) {
  const name = `error.${error.code}`;
  return name in DICTIONARIES[current] ? t(name, { wait: error.wait }) : `${error.message}${error.hint ? ` — ${error.hint}` : ''}`;
}

add({
  'shell.sign_in': ['登录', 'Sign in'], 'shell.user': ['用户名', 'User name'], 'shell.password': ['密码', 'Password'],
  'shell.code': ['一次性代码', 'One-time code'], 'shell.new_password': ['新密码（至少 10 个字符）', 'New password (10 characters or more)'],
  'shell.with_code': ['使用一次性代码', 'I have a one-time code'], 'shell.with_password': ['使用密码登录', 'I have a password'],
  'shell.setup': ['首次设置：在服务器上运行 “ccappliance users setup-code” 获取代码。',
    'First set-up: run `ccappliance users setup-code` on the machine for a code.'],
  'shell.sign_out': ['退出', 'Sign out'], 'shell.language': ['English', '中文'], 'shell.lost': ['连接中断，正在重连…', 'Connection lost, coming back …'],
  'shell.queues': ['队列', 'Queues'], 'shell.agents': ['坐席', 'Agents'], 'shell.name': ['名称', 'Name'],
  'shell.waiting': ['排队', 'Waiting'], 'shell.longest': ['最长等待', 'Longest wait'], 'shell.answered': ['接听', 'Answered'],
  'shell.abandoned': ['放弃', 'Abandoned'], 'shell.state': ['状态', 'State'], 'shell.nobody': ['无', 'None'],
  'error.wrong_sign_in': ['用户名或密码错误', 'No such user, or another password'],
  'error.wrong_code': ['代码错误、已使用或已过期', 'This code is wrong, was used, or is too old'],
  'error.weak_password': ['密码太弱：至少 10 个字符，且不易猜到', 'This password is too easy to guess: 10 characters or more'],
  'error.throttled': ['尝试次数过多，请在 {wait} 秒后再试', 'Too many attempts: wait {wait} s'],
  'error.too_many_requests': ['请求过于频繁，请在 {wait} 秒后再试', 'Too many requests: wait {wait} s'],
  'error.forbidden': ['没有权限', 'You have no right to do this'],
  'error.unreachable': ['无法连接服务器', 'The machine does not answer'],
});
document.documentElement.lang = current;
