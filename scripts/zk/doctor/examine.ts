// The examination itself: from the name to one small read, each step timed and bounded, and nothing changed on the terminal: nobody is
// kept from punching, whatever was begun is freed, and the connection is ended in good order however it goes.
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Terminal } from '@org/zk-proto'
import { approach, type Approach, type Way } from './approach.ts'
import { checkOf, notTried, type Check, type Verdict } from './check.ts'
import type { Facts } from './facts.ts'
import { questions } from './questions.ts'

export interface ExamineOptions {
  readonly host: string
  readonly port: number
  /** Both in this order, or one. */
  readonly ways: readonly Way[]
  /** 0 for none. */
  readonly commKey: number
  /** For each step. */
  readonly timeoutMs: number
  /** IANA zone whose time the terminal should show. */
  readonly zone: string
  readonly toleratedMinutes: number
  readonly signal: AbortSignal
  /** Told of each step when it is decided. */
  readonly onCheck: (check: Check, seen: Seen) => void
}

/** What is known beside the checks, for whoever may see it. */
export interface Seen {
  /** What the name leads to. */
  readonly address: string | undefined
  readonly facts: Facts | undefined
}

export interface Examination extends Seen {
  readonly checks: readonly Check[]
  /** The worst of all: `failed` where the terminal cannot be worked with. */
  readonly verdict: Exclude<Verdict, 'not tried'>
  /** How it can be reached; undefined where it cannot. */
  readonly way: Way | undefined
}

/** Throws the signal's reason when it aborts, after everything was closed; never throws for what it finds. */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const notes = new Notes(options)
  const { ways } = options
  const address = await findAddress(options, notes)
  const [first = 'tcp', second] = ways
  if (address === undefined) {
    notes.rest(first, 'the name leads nowhere')
    return notes.end(undefined)
  }
  const target = { ...options, host: address }
  const met = await approach(first, target)
  if (met.terminal !== undefined) {
    notes.take(met.checks)
    await ask(met.terminal, options, notes)
    if (second !== undefined) notes.add(await secondWay(second, target))
    return notes.end(first)
  }
  if (second === undefined || !met.leavesOpen) {
    notes.take(met.checks)
    notes.rest(first, 'there is no session')
    if (second !== undefined)
      notes.add(notTried('udp too', second, 'something answers over TCP; another try could only disturb it'))
    return notes.end(undefined)
  }
  const other = await approach(second, target)
  if (other.terminal === undefined) {
    notes.take(met.checks)
    notes.rest(first, 'there is no session')
    const last = lastOf(other)
    // The same is not said twice.
    const isKnown = notes.checks.some(({ advice }) => advice === last.advice)
    notes.add(isKnown ? { ...last, advice: null } : last)
    return notes.end(undefined)
  }
  notes.take(met.checks.map(lighter))
  notes.take(other.checks)
  await ask(other.terminal, options, notes)
  return notes.end(second)
}

/** Checks as they come. */
class Notes {
  readonly checks: Check[] = []
  address: string | undefined
  facts: Facts | undefined
  readonly #options: ExamineOptions

  constructor(options: ExamineOptions) {
    this.#options = options
  }

  add(check: Check): void {
    this.checks.push(check)
    this.#options.onCheck(check, { address: this.address, facts: this.facts })
  }

  take(checks: readonly Check[]): void {
    for (const check of checks) this.add(check)
  }

  /** Everything behind the last step was not tried. */
  rest(way: Way, why: string): void {
    const steps = ['port', 'handshake', 'key', 'device', 'sizes', 'clock', 'read'] as const
    for (const step of steps) {
      if (!this.checks.some((check) => check.step === step)) this.add(notTried(step, way, why))
    }
  }

  end(way: Way | undefined): Examination {
    const has = (verdict: Verdict): boolean => this.checks.some((check) => check.verdict === verdict)
    const verdict = way === undefined || has('failed') ? 'failed' : has('warning') ? 'warning' : 'ok'
    return { checks: this.checks, verdict, way, address: this.address, facts: this.facts }
  }
}

async function findAddress(
  { host, timeoutMs, signal }: ExamineOptions,
  notes: Notes,
): Promise<string | undefined> {
  if (isIP(host) !== 0) {
    notes.address = host
    notes.add(checkOf('name', null, 0, { verdict: 'ok', said: 'It is an address already' }))
    return host
  }
  const begun = performance.now()
  const settled = new AbortController()
  const late = sleep(timeoutMs, undefined, { signal: AbortSignal.any([signal, settled.signal]) })
  try {
    const found = await Promise.race([lookup(host, { all: true }), late])
    const [first, ...others] = found ?? []
    notes.address = first?.address
    const tookMs = performance.now() - begun
    if (first === undefined) notes.add(checkOf('name', null, tookMs, nowhere('nobody answered in time')))
    else
      notes.add(
        checkOf('name', null, tookMs, {
          verdict: 'ok',
          said:
            others.length === 0
              ? 'The name leads to an address'
              : `The name leads to ${others.length + 1} addresses; the first is taken`,
        }),
      )
    return first?.address
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof Error) || !('code' in error)) throw error
    notes.add(checkOf('name', null, performance.now() - begun, nowhere(String(error.code))))
    return undefined
  } finally {
    settled.abort()
    // It ends with the abort, and has nothing to tell.
    await late.catch(() => undefined)
  }
}

function nowhere(why: string) {
  return {
    verdict: 'failed',
    said: `The name leads to no address (${why})`,
    advice: 'Check the spelling and this machine’s name server, or give the address itself.',
  } as const
}

async function ask(terminal: Terminal, options: ExamineOptions, notes: Notes): Promise<void> {
  try {
    for await (const { check, facts } of questions(terminal, options)) {
      notes.facts ??= facts
      notes.add(check)
    }
  } finally {
    await terminal.close()
  }
  options.signal.throwIfAborted()
}

/** Where TCP works, UDP need not: nothing of it is a fault. */
async function secondWay(way: Way, target: ExamineOptions): Promise<Check> {
  const begun = performance.now()
  const met = await approach(way, target)
  await met.terminal?.close()
  target.signal.throwIfAborted()
  const said =
    met.terminal === undefined
      ? 'It does not let us in over UDP, which is not needed'
      : 'It answers over UDP as well'
  const tookMs = performance.now() - begun
  const { code } = lastOf(met)
  return checkOf('udp too', way, tookMs, { verdict: 'ok', said, ...(code !== null && { code }) })
}

/** The step at which an approach ended, as the step that the second way is. */
function lastOf({ checks }: Approach): Check {
  const decided = checks.filter(({ verdict }) => verdict !== 'not tried')
  const [last] = (decided.length > 0 ? decided : checks).slice(-1)
  if (last === undefined) throw new Error('an approach without a step')
  return { ...last, step: 'udp too' }
}

/** What failed over TCP is a warning where UDP works. */
function lighter(check: Check): Check {
  if (check.verdict !== 'failed') return check
  return {
    ...check,
    verdict: 'warning',
    advice: 'UDP works: register the device with "transport": "udp", or leave it at auto.',
  }
}
