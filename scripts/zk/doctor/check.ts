// What an examination consists of: steps, each with a verdict, what was found, and what to do.

/** `not tried`: an earlier step failed, so that this one could tell nothing. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'not tried'

/** Every step there is, in the order of the report, with what it asks. */
export const STEPS = {
  name: 'Does the name lead to an address?',
  port: 'Does anything listen on the port?',
  handshake: 'Does it speak the protocol of ZKTeco terminals?',
  key: 'Does it accept the comm key?',
  device: 'What is it?',
  sizes: 'How full is it?',
  clock: 'Is its clock right?',
  read: 'Can its attendance log be read?',
  'udp too': 'Does it answer over UDP as well?',
} as const
export type StepName = keyof typeof STEPS

/** One step, done or not. */
export interface Check {
  readonly step: StepName
  /** Over what; null where that means nothing. */
  readonly way: 'tcp' | 'udp' | null
  readonly verdict: Verdict
  /** Whole milliseconds; null where it was not tried. */
  readonly ms: number | null
  /** What was found, one sentence. Holds no address, no serial number, nothing of people. */
  readonly said: string
  /** What to do next; null where nothing is to be done. */
  readonly advice: string | null
  /** The library's error code; null where there is none. */
  readonly code: string | null
  /** Plain facts beside the sentence, such as sizes. */
  readonly details: Readonly<Record<string, string | number | boolean | null>>
}

/** What a step found. */
export interface Finding {
  readonly verdict: Verdict
  readonly said: string
  readonly advice?: string | undefined
  readonly code?: string
  readonly details?: Check['details']
}

export function checkOf(
  step: StepName,
  way: Check['way'],
  ms: number | null,
  { verdict, said, advice, code, details }: Finding,
): Check {
  return {
    step,
    way,
    verdict,
    ms: ms === null ? null : Math.round(ms),
    said,
    advice: advice ?? null,
    code: code ?? null,
    details: details ?? {},
  }
}

export function notTried(step: StepName, way: Check['way'], why: string): Check {
  return checkOf(step, way, null, { verdict: 'not tried', said: why })
}
