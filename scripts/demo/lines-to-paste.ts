// Three lines for a newcomer's shell: log in, list punches, ask for a sync. scripts/test runs them in bash as they are printed.

export interface PasteInput {
  /** The API with its base path: http://127.0.0.1:3000/api/v1 */
  readonly base: string
  readonly deviceId: number
  readonly email: string
  /** Known only at the start that made it; afterwards the line asks for it. */
  readonly password: string | undefined
}

export function linesToPaste({ base, deviceId, email, password }: PasteInput): string[] {
  const login = (body: string) =>
    `TOKEN=$(curl -s ${base}/auth/login -H 'content-type: application/json' -d ${body} | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')`
  const first =
    password === undefined
      ? `read -rsp 'Password of ${email}: ' PASSWORD && ${login(`"{\\"email\\":\\"${email}\\",\\"password\\":\\"$PASSWORD\\"}"`)}`
      : login(`'${JSON.stringify({ email, password })}'`)
  return [
    first,
    `curl -s '${base}/attendance?limit=3' -H "authorization: Bearer $TOKEN"`,
    `curl -s -X POST ${base}/attendance/device/${deviceId}/sync -H "authorization: Bearer $TOKEN"`,
  ]
}
