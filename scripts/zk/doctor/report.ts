// The report of an examination, for programs and for pasting into a public issue: built from declared facts alone, and then searched
// for what must not stand in it.
import { isIPv4, isIPv6 } from 'node:net'
import manifest from '../../../package.json' with { type: 'json' }
import { STEPS, type Check } from './check.ts'
import type { Examination } from './examine.ts'
import type { Facts } from './facts.ts'

/** What is passed on. */
export interface Report {
  readonly tool: string
  readonly at: string
  readonly system: string
  readonly verdict: Examination['verdict']
  /** How it was reached; null where it was not. */
  readonly way: 'tcp' | 'udp' | null
  readonly target: { readonly host: string; readonly port: number }
  readonly facts: Facts | null
  readonly checks: readonly Check[]
}

/** `host` as it was typed. */
export function reportOf(
  { checks, verdict, way, address, facts }: Examination,
  { host, port }: { readonly host: string; readonly port: number },
): Report {
  const scrub = scrubber([host, address, facts?.serialNumber, facts?.mac])
  const scrubOrNull = (text: string | null): string | null => (text === null ? null : scrub(text))
  return {
    tool: `${manifest.name} ${manifest.version}, zk doctor`,
    at: new Date().toISOString().slice(0, 16).concat('Z'),
    system: `Node ${process.version}, ${process.platform}`,
    verdict,
    way: way ?? null,
    target: { host: maskedHost(host), port },
    facts: facts === undefined ? null : maskedFacts(facts, scrubOrNull),
    checks: checks.map((check) => ({
      ...check,
      said: scrub(check.said),
      advice: scrubOrNull(check.advice),
      details: Object.fromEntries(
        Object.entries(check.details).map(([name, value]) => [
          name,
          typeof value === 'string' ? scrub(value) : value,
        ]),
      ),
    })),
  }
}

/** As text. */
export function reportText({ tool, at, system, verdict, way, target, facts, checks }: Report): string {
  const lines = [
    `${tool}: ${verdict}`,
    `at        ${at}`,
    `on        ${system}`,
    `target    ${target.host}, port ${target.port}, ${way === null ? 'not reached' : `over ${way.toUpperCase()}`}`,
  ]
  for (const [name, fact] of factList(facts))
    if (fact !== null) lines.push(`${name.padEnd(18)}  ${factText(fact)}`)
  for (const { step, way: over, verdict: found, ms, said, advice, code, details } of checks) {
    lines.push('', `${step}: ${STEPS[step]}`)
    lines.push(`  ${found}${ms === null ? '' : `, ${ms} ms`}${over === null ? '' : `, ${over}`}: ${said}`)
    if (advice !== null) lines.push(`  → ${advice}`)
    const facts = Object.entries<Check['details'][string]>({ ...(code !== null && { code }), ...details })
    if (facts.length > 0)
      lines.push(`  ${facts.map(([name, value]) => `${name}=${String(value)}`).join(' ')}`)
  }
  return `${lines.join('\n')}\n`
}

type Fact = Facts[keyof Facts]

function factList(facts: Facts | null): readonly (readonly [string, Fact])[] {
  return facts === null ? [] : Object.entries<Fact>({ ...facts })
}

function factText(fact: string | { readonly count: number; readonly capacity: number }): string {
  return typeof fact === 'string' ? fact : `${fact.count} of ${fact.capacity}`
}

const SHOWN_OF_SERIAL = 4
const SHOWN_OF_MAC = /^(?:[0-9a-f]{2}[:-]){2}[0-9a-f]{2}/i

function maskedFacts(facts: Facts, scrub: (text: string | null) => string | null): Facts {
  const { serialNumber, mac } = facts
  return {
    ...facts,
    model: scrub(facts.model),
    platform: scrub(facts.platform),
    firmware: scrub(facts.firmware),
    fingerprintVersion: scrub(facts.fingerprintVersion),
    faceVersion: scrub(facts.faceVersion),
    serialNumber: serialNumber === null ? null : lastOf(serialNumber),
    // The first half names the maker of the network chip.
    mac: mac === null ? null : `${SHOWN_OF_MAC.exec(mac)?.[0] ?? ''}…`,
  }
}

function lastOf(serialNumber: string): string {
  return serialNumber.length > SHOWN_OF_SERIAL ? `…${serialNumber.slice(-SHOWN_OF_SERIAL)}` : '…'
}

/** What kind of address it is, not which. */
function maskedHost(host: string): string {
  if (isIPv4(host)) {
    const [first, second] = host.split('.').map(Number)
    if (first === 10) return '10.x.x.x'
    if (first === 127) return '127.x.x.x'
    if (first === 192 && second === 168) return '192.168.x.x'
    if (first === 172 && second !== undefined && second >= 16 && second <= 31) return '172.16–31.x.x'
    return 'an IPv4 address that is not private'
  }
  return isIPv6(host) ? 'an IPv6 address' : 'a host name'
}

/** Shorter texts would be found by chance everywhere. */
const SHORTEST_SECRET = 4

/** Takes these out of a text, however they are spelled. */
function scrubber(secrets: readonly (string | null | undefined)[]): (text: string) => string {
  const patterns = secrets
    .filter((it): it is string => typeof it === 'string' && it.length >= SHORTEST_SECRET)
    .map((secret) => new RegExp(literally(secret), 'gi'))
  return (text) => patterns.reduce((left, pattern) => left.replaceAll(pattern, '…'), text)
}

function literally(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}
