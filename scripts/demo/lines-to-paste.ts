// Three lines for a newcomer's shell: log in, list punches, ask for a sync. scripts/test runs them in bash as they are printed.

export interface PasteInput {
  /** The API with its base path: http://127.0.0.1:3000/api/v1 */
  readonly base: string
  readonly deviceId: number
  readonly email: string
  /** Known only at the start that made it; afterwards the line asks for it. */
  readonly password: string | undefined
}

/** Plain POSIX shell: it is pasted into whatever the newcomer has. */
export function linesToPaste({ base, deviceId, email, password }: PasteInput): string[] {
  return [
    password === undefined
      ? askAndLogIn(base, email)
      : logIn(base, `'${JSON.stringify({ email, password })}'`),
    `curl -s '${base}/attendance?limit=3' -H "authorization: Bearer $TOKEN"`,
    `curl -s -X POST ${base}/attendance/device/${deviceId}/sync -H "authorization: Bearer $TOKEN"`,
  ]
}

function logIn(base: string, body: string): string {
  return `TOKEN=$(curl -s ${base}/auth/login -H 'content-type: application/json' -d ${body} | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')`
}

/** Asks without showing what is typed; quotes and backslashes of a password are written as JSON wants them. */
function askAndLogIn(base: string, email: string): string {
  const ask = `printf 'Password of ${email}: '; stty -echo 2>/dev/null; read -r PASSWORD; stty echo 2>/dev/null; echo`
  const quoted = `$(printf %s "$PASSWORD" | sed 's/["\\]/\\&/g')`
  return `${ask}; ${logIn(base, `"{\\"email\\":\\"${email}\\",\\"password\\":\\"${quoted}\\"}"`)}`
}
