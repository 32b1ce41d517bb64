// Who may use the page: a browser that was sent here by its user. Another site's script may send requests to this machine,
// also under a name that it has made to point here; both are refused by what browsers say about a request's origin.
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** Headers of every answer: nothing from elsewhere is loaded, nobody else may frame, embed or keep the page. */
export const PAGE_HEADERS: Readonly<OutgoingHttpHeaders> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** Why a request is refused, in a sentence; undefined when it is not. */
export function refusalOf({ method, headers }: IncomingMessage): string | undefined {
  const { host = '' } = headers
  // A name may be made to point here by whoever owns it; an address cannot, and this machine's own name is its own.
  if (!isAddressOrLocalhost(host))
    return `the page is reached by an address or localhost, not by ${quoted(host)}`
  if (method !== 'POST') return undefined
  const { origin, 'sec-fetch-site': site = 'same-origin', 'content-type': type = '' } = headers
  if (origin !== undefined && origin !== `http://${host}`)
    return `another site, ${quoted(origin)}, may not use the hand`
  if (site !== 'same-origin') return 'another site may not use the hand'
  // A form of another site cannot send this type without being asked for leave first.
  return /^application\/json\s*(;|$)/iu.test(type) ? undefined : 'expected the content-type application/json'
}

function isAddressOrLocalhost(host: string): boolean {
  const [, bracketed, plain = ''] = /^(?:\[([0-9a-f:.]+)\]|([^:/@?#]+))(?::\d{1,5})?$/iu.exec(host) ?? []
  return bracketed !== undefined
    ? isIP(bracketed) === 6
    : isIP(plain) === 4 || plain.toLowerCase() === 'localhost'
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
