// The two small pages before and behind the queue page: logging in and out. Without scripts, so that they work within the rules that
// browsers are told for everything (plugins/security-headers.ts).

/** What was wrong with the form that was sent before. */
export interface PageNotice {
  readonly message: string
  readonly details?: string | undefined
  /** When it makes sense to try again. */
  readonly retryAfterSeconds?: number | undefined
}

/** The page to log in on. `form` goes back with what is entered. */
export function loginPage(form: string, notice?: PageNotice): string {
  return page(
    'Log in',
    `${notice === undefined ? '' : `<p role="alert">${sentenceOf(notice)}</p>`}
<form method="post" action="/admin/queues/login">
<input type="hidden" name="form" value="${escaped(form)}">
<label>E-mail <input name="email" type="email" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" maxlength="128" required></label>
<button>Log in</button>
</form>`,
  )
}

/** The page to log out on. */
export function logoutPage(form: string, email: string): string {
  return page(
    'Log out',
    `<p>Logged in as ${escaped(email)}.</p>
<form method="post" action="/admin/queues/logout">
<input type="hidden" name="form" value="${escaped(form)}">
<button>Log out</button>
</form>
<p><a href="/admin/queues/">Back to the queues</a></p>`,
  )
}

function page(title: string, content: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title} - ZKTeco Device API</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 22rem; margin: 15vh auto 0; padding: 0 1rem; color: #1d2733; }
label, button { display: block; margin-top: 1rem; }
input { display: block; width: 100%; box-sizing: border-box; padding: .5rem; font: inherit; }
button { padding: .5rem 1.5rem; font: inherit; }
[role=alert] { padding: .5rem .75rem; background: #fdecea; color: #8a1c12; }
</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`
}

function sentenceOf({ message, details, retryAfterSeconds }: PageNotice): string {
  const minutes = Math.ceil((retryAfterSeconds ?? 0) / 60)
  const when = minutes === 0 ? '' : `Try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`
  return [`${message}.`, details === undefined ? '' : `${details}.`, when]
    .filter((part) => part !== '')
    .map(escaped)
    .join(' ')
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
