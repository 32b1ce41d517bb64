// Every fault there is, declared once: its parameters with their units, what it does, where it can strike, and examples.
// The parser, the README and the run of all faults against all models read this table.
import type { ChoiceParameter, CommandParameter, NumberParameter, Parameter } from './parameter.ts'

/** One row of the table. */
export interface FaultDeclaration {
  /** What happens, as a sentence without a subject: "cuts the connection …". */
  readonly about: string
  readonly transports: readonly ('tcp' | 'udp')[]
  readonly parameters: Readonly<Record<string, Parameter>>
  /** The parameter that may be given alone: `cut=1000`. Undefined: there is none, `coalesce`. */
  readonly main: string | undefined
  /** How often it strikes unless a script says otherwise. */
  readonly times: number | 'always'
  /** Whether a careful client gets everything right all the same. Otherwise it may end with an error, never with less. */
  readonly harmless: boolean
  /** Expressions that are run against our client and every model. */
  readonly examples: readonly string[]
}

const BOTH = ['tcp', 'udp'] as const
const TCP = ['tcp'] as const
const UDP = ['udp'] as const

const MOST_BYTES = 0xffff_ffff
const MOST_MS = 600_000
const MOST_COUNT = 1_000_000
/** Ten years: what a calendar of a hundred can hold from anywhere near today. */
const MOST_SECONDS = 315_360_000

function number(
  about: string,
  unit: string,
  [least, most]: readonly [number, number],
  whole: boolean,
): NumberParameter {
  return { kind: 'number', about, unit, least, most, whole }
}

const bytes = (about: string, least = 0) => number(about, 'bytes', [least, MOST_BYTES], true)
const milliseconds = (about: string) => number(about, 'ms', [0, MOST_MS], false)
const share = (about: string) => number(about, 'share', [0, 1], false)
const count = (about: string, least = 1) => number(about, 'count', [least, MOST_COUNT], true)

function choice<const C extends string>(about: string, choices: readonly C[]): ChoiceParameter<C> {
  return { kind: 'choice', about, choices }
}

function command(about: string): CommandParameter {
  return { kind: 'command', about }
}

function byDefault<P extends Parameter, const V extends P['byDefault'] & {}>(parameter: P, value: V) {
  return { ...parameter, byDefault: value }
}

/** The moment inside a buffered read of the log. */
const atSlice = (slice: number) =>
  byDefault(
    count('the moment: n as the n-th slice of the attendance log is asked for, 0 as the read is prepared', 0),
    slice,
  )

/** The table, by the name that scripts and expressions use and that `struck` tells. */
export const FAULTS = {
  segment: {
    about: 'cuts what is written to a connection into pieces of so many bytes, each a write of its own',
    transports: TCP,
    parameters: { bytes: bytes('longest piece', 1) },
    main: 'bytes',
    times: 'always',
    harmless: true,
    examples: ['segment=1', 'segment=7'],
  },
  coalesce: {
    about: 'writes packets that are ready together at once, so that one read holds several',
    transports: TCP,
    parameters: {},
    main: undefined,
    times: 'always',
    harmless: true,
    examples: ['coalesce', 'coalesce, segment=100'],
  },
  delay: {
    about: 'waits before a packet',
    transports: BOTH,
    parameters: {
      ms: milliseconds('how long'),
      share: byDefault(share('how many of the packets'), 1),
    },
    main: 'ms',
    times: 'always',
    harmless: true,
    examples: ['delay=2'],
  },
  lose: {
    about: 'loses datagrams on their way, to and from the terminal',
    transports: UDP,
    parameters: { share: share('how many of them') },
    main: 'share',
    times: 'always',
    harmless: false,
    examples: ['lose=0.1; seed=3', 'lose=0.3; seed=4'],
  },
  double: {
    about: 'delivers datagrams of the terminal twice',
    transports: UDP,
    parameters: { share: share('how many of them') },
    main: 'share',
    times: 'always',
    harmless: true,
    examples: ['double=0.5; seed=5'],
  },
  reorder: {
    about: 'holds datagrams of the terminal back until the next one has gone, or for 20 ms',
    transports: UDP,
    parameters: { share: share('how many of them') },
    main: 'share',
    times: 'always',
    harmless: true,
    examples: ['reorder=0.4; seed=6'],
  },
  flip: {
    about: 'flips one bit, anywhere, of a packet of the terminal',
    transports: BOTH,
    parameters: { share: share('how many of the packets') },
    main: 'share',
    times: 'always',
    harmless: false,
    examples: ['flip=0.05; seed=7', 'flip=0.4; seed=8'],
  },
  cut: {
    about: 'ends a connection once so many bytes were sent on it, in the middle of a packet too',
    transports: BOTH,
    parameters: { afterBytes: bytes('how many') },
    main: 'afterBytes',
    times: 1,
    harmless: false,
    examples: ['cut=0', 'cut=40', 'cut=1000', 'cut(afterBytes=1000, times=2)'],
  },
  stall: {
    about:
      'sends nothing more on a connection once so many bytes were sent on it; it stays open, requests are heard',
    transports: BOTH,
    parameters: { atByte: bytes('how many') },
    main: 'atByte',
    times: 1,
    harmless: false,
    examples: ['stall=0', 'stall=40', 'stall=1000'],
  },
  wrongReplyId: {
    about: 'puts another reply id into an answer',
    transports: BOTH,
    parameters: {
      by: byDefault(number('what is added to the right one', 'difference', [-0xffff, 0xffff], true), 1),
      to: byDefault(command('the command whose answers are meant'), 'any'),
    },
    main: 'by',
    times: 1,
    harmless: false,
    examples: ['wrongReplyId', 'wrongReplyId(to=readChunk, by=-1)', 'wrongReplyId(to=writePerson)'],
  },
  late: {
    about: 'holds an answer back, and answers what is asked meanwhile',
    transports: BOTH,
    parameters: {
      ms: milliseconds('how long'),
      to: byDefault(command('the command whose answers are meant'), 'any'),
    },
    main: 'ms',
    times: 1,
    harmless: false,
    examples: ['late=900', 'late(ms=900, to=readChunk)', 'late(ms=900, to=prepareBulk)'],
  },
  unanswered: {
    about: 'carries out a command and says nothing: the door opens, its answer is lost',
    transports: BOTH,
    parameters: { to: command('the command that is meant') },
    main: 'to',
    times: 1,
    harmless: false,
    examples: [
      'unanswered=unlockDoor',
      'unanswered=prepareBulk',
      'unanswered=readChunk',
      'unanswered=freeBulk',
      'unanswered=writePerson',
      'unanswered=disableTerminal',
    ],
  },
  miscount: {
    about: 'tells a wrong number of attendance records in the free sizes',
    transports: BOTH,
    parameters: {
      by: number(
        'what is added to the right one; never below 0',
        'difference',
        [-MOST_COUNT, MOST_COUNT],
        true,
      ),
    },
    main: 'by',
    times: 'always',
    harmless: false,
    examples: ['miscount=5', 'miscount=-5', 'miscount=-1000000'],
  },
  missize: {
    about: 'announces a wrong size of a table or of a transfer',
    transports: BOTH,
    parameters: {
      by: number('what is added to the right one; never below 0', 'bytes', [-MOST_BYTES, MOST_BYTES], true),
      in: byDefault(
        choice(
          'where: the buffer that stands ready, the packet that opens a transfer, or the first word of the table',
          ['buffer', 'transfer', 'table'],
        ),
        'buffer',
      ),
    },
    main: 'by',
    times: 1,
    harmless: false,
    examples: [
      'missize=40',
      'missize=-40',
      'missize=4000000000',
      'missize(in=transfer, by=12)',
      'missize(in=transfer, by=-12)',
      'missize(in=transfer, by=4000000000)',
      'missize(in=table, by=80)',
      'missize(in=table, by=-80)',
      'missize(in=table, by=-13)',
    ],
  },
  refuseBuffer: {
    about: 'refuses to prepare a buffered read',
    transports: BOTH,
    parameters: { code: byDefault(number('the reply', 'reply code', [0, 0xffff], true), 2_001) },
    main: 'code',
    times: 1,
    harmless: false,
    examples: [
      'refuseBuffer',
      'refuseBuffer(code=4989, times=always)',
      'refuseBuffer(code=65535, times=always)',
    ],
  },
  fullMemory: {
    about: 'refuses new people and templates, as a memory does in which there is no room',
    transports: BOTH,
    parameters: {},
    main: undefined,
    times: 'always',
    harmless: false,
    examples: ['fullMemory'],
  },
  restart: {
    about: 'restarts the terminal in the middle of a read',
    transports: BOTH,
    parameters: { atSlice: atSlice(1) },
    main: 'atSlice',
    times: 1,
    harmless: false,
    examples: ['restart=0', 'restart=1'],
  },
  grow: {
    about: 'people punch while the log is read',
    transports: BOTH,
    parameters: { punches: byDefault(count('how many punches'), 1), atSlice: atSlice(1) },
    main: 'punches',
    times: 1,
    harmless: true,
    examples: ['grow=3', 'grow(punches=3, atSlice=0)'],
  },
  clear: {
    about: 'somebody clears the log while it is read, and people may punch after it',
    transports: BOTH,
    parameters: { atSlice: atSlice(1), refill: byDefault(count('how many punches follow', 0), 0) },
    main: 'atSlice',
    times: 1,
    harmless: true,
    examples: ['clear=0', 'clear=1', 'clear(atSlice=0, refill=150)', 'clear(atSlice=1, refill=150)'],
  },
  replace: {
    about: 'somebody clears the log while it is read, and people punch until it counts as many as before',
    transports: BOTH,
    parameters: { atSlice: atSlice(1) },
    main: 'atSlice',
    times: 1,
    harmless: true,
    examples: ['replace=0', 'replace=1'],
  },
  sameSecond: {
    about: 'the same person punches twice in one second as the log is read',
    transports: BOTH,
    parameters: { atSlice: atSlice(0) },
    main: 'atSlice',
    times: 1,
    harmless: true,
    examples: ['sameSecond', 'sameSecond=1'],
  },
  impossibleDate: {
    about: 'a punch of a 31 February enters the log as it is read',
    transports: BOTH,
    parameters: { atSlice: atSlice(0) },
    main: 'atSlice',
    times: 1,
    harmless: true,
    examples: ['impossibleDate'],
  },
  clockJump: {
    about: 'the clock jumps after a command was carried out',
    transports: BOTH,
    parameters: {
      seconds: number('how far, back when negative', 's', [-MOST_SECONDS, MOST_SECONDS], true),
      after: byDefault(command('the command'), 'writeClock'),
    },
    main: 'seconds',
    times: 1,
    harmless: false,
    examples: ['clockJump=86400', 'clockJump=-86400', 'clockJump(seconds=-3600, after=readChunk)'],
  },
  eventsInTransfer: {
    about: 'somebody presents a finger between the packets of a transfer',
    transports: BOTH,
    parameters: { every: count('after each so many packets') },
    main: 'every',
    times: 'always',
    harmless: true,
    examples: ['eventsInTransfer=3'],
  },
  liveTwice: {
    about: 'tells of a live event twice',
    transports: BOTH,
    parameters: { share: byDefault(share('how many of them'), 1) },
    main: 'share',
    times: 'always',
    harmless: true,
    examples: ['liveTwice'],
  },
  liveLate: {
    about: 'tells of a live event late, and of those after it in time',
    transports: BOTH,
    parameters: {
      ms: milliseconds('how late'),
      share: byDefault(share('how many of them'), 1),
    },
    main: 'ms',
    times: 'always',
    harmless: true,
    examples: ['liveLate=50', 'liveLate(ms=60, share=0.5); seed=9'],
  },
  enrolment: {
    about: 'the person whom the terminal asks for a finger does not do what enrols it',
    transports: BOTH,
    parameters: {
      person: choice(
        'what they do: press badly, press a finger that is enrolled already, not come, give up at the keypad',
        ['poor', 'duplicate', 'timeOut', 'cancelled'],
      ),
    },
    main: 'person',
    times: 1,
    harmless: false,
    examples: ['enrolment=poor', 'enrolment=duplicate', 'enrolment=timeOut', 'enrolment=cancelled'],
  },
} as const satisfies Readonly<Record<string, FaultDeclaration>>

/** The name of a fault. */
export type FaultName = keyof typeof FAULTS

/** The parameters that each fault may have beside its own, in the words of the documentation. */
export const COMMON_PARAMETERS = {
  times: { about: 'how often it strikes: a whole number, or `always`' },
  skip: { about: 'how many chances it lets pass before that' },
} as const

/** All names, in the order of the table. */
export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS).filter(isFaultName)

/** Whether a word is the name of a fault. */
export function isFaultName(word: string): word is FaultName {
  return Object.hasOwn(FAULTS, word)
}

/** What the table says of a fault. */
export function faultDeclared(name: FaultName): FaultDeclaration {
  return FAULTS[name]
}
