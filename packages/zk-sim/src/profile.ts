// Models of terminals: record forms, limits and habits, each a setting that a test may change. What the protocol
// reference marks as configurable is a field here. Source: docs/protocol §26 and appendix A, quirks of §25.
import type { BULK_TABLES, PersonLayoutName } from '@org/zk-proto/wire'
import type { PunchEventBytes } from './live-happening.ts'
import type { LogLayoutName } from './punch-record.ts'

/** The models there are by name. */
export type ProfileName =
  | 'old'
  | 'compact'
  | 'typical'
  | 'visible-light'
  | 'access-panel'
  | 'strict'
  | 'no-clients'

/** What a full attendance log does with the next punch. */
export type FullLogHabit = 'refuse' | 'overwrite-oldest' | 'shift' | 'drop-block'

/** What a model does with an enrolment that a client asks for. §17, §25 and §26.9. */
export interface EnrolmentHabits {
  /** It works; it is accepted and nothing is told of it, as by much firmware after 2014; or it is refused. */
  readonly overNetwork: 'works' | 'no-events' | 'refused'
  /** Presses of one finger. */
  readonly presses: number
  /** How long it waits for each press. */
  readonly pressTimeoutMs: number
  /** The result that it tells when nobody pressed in time. */
  readonly timeoutResult: 4 | 6
  /** A bad press ends the enrolment; otherwise the finger may be pressed again. */
  readonly badPressEnds: boolean
}

/** The name of a table that is read through a buffer. */
export type BulkTableName = keyof typeof BULK_TABLES

/** What a terminal does about live events that nobody acknowledges. No source tells of more than nothing. */
export interface UnacknowledgedEvents {
  /** So often each is sent again. */
  readonly resends: number
  /** So long it waits before. */
  readonly resendMs: number
  /** With so many unacknowledged no others are sent until some are; undefined: they are sent all the same. */
  readonly stopAfter: number | undefined
}

/** A model of terminal. */
export interface Profile {
  readonly name: string
  /** What it is, in a sentence. */
  readonly about: string
  readonly transports: readonly ('tcp' | 'udp')[]
  readonly personLayout: PersonLayoutName
  readonly attendanceLayout: LogLayoutName
  /** Length of the live event of a punch. §18.3. */
  readonly punchEventBytes: PunchEventBytes
  /** A punch that is granted opens the door, for the seconds of the option LockOn. §26.8. */
  readonly opensDoor: boolean
  /** Length of the answer to CMD_GET_FREE_SIZES. §10. */
  readonly freeSizesBytes: 4 | 80 | 92 | 112
  /** False: the record count in the free sizes reads 0 whatever the log holds. §25, SpeedFace-H5L. */
  readonly tellsRecordCount: boolean
  /** The log keeps refused attempts of an access panel, as state 7. §13.2. */
  readonly logsDenials: boolean
  readonly firmware: string
  /** Options as the terminal holds them when new; serial number and address are added. §9. */
  readonly options: Readonly<Record<string, string>>
  readonly pinWidth: number
  readonly capacity: {
    readonly people: number
    readonly fingerprints: number
    readonly records: number
    readonly faces: number
  }
  /** Most records of the operation log. No source says how many there are. */
  readonly mostOperations: number
  /** Most short messages. No source says how many there are. */
  readonly mostMessages: number
  /** What a full attendance log does with the next punch. §26.7. */
  readonly fullLog: FullLogHabit
  /** What a full operation log does with the next operation. */
  readonly fullOperationLog: FullLogHabit
  /** What clients have the terminal do is in its operation log too, not only what is done at its menu. */
  readonly recordsClients: boolean
  /** A pin that another uid has is refused; otherwise several people may have it. §26.7. */
  readonly uniquePins: boolean
  /** A template is written only where that finger has none; otherwise it replaces the one that is there. §15.2. */
  readonly wantsEmptyFinger: boolean
  /** Records written by a client show at once, or only after CMD_REFRESHDATA. §25 and §26.4. */
  readonly writesShow: 'at-once' | 'after-refresh'
  /** The form of groups and time zones: as TFT units have it, or compact as access panels. §19. */
  readonly accessForm: 'tft' | 'compact'
  /** Groups are numbered from 1 to this. §19. */
  readonly highestGroup: number
  /** Whether zones, groups and combinations are looked at when somebody wants to enter. */
  readonly checksAccess: boolean
  readonly enrolment: EnrolmentHabits
  /** The key that the doorbell counts as. No source gives its number. */
  readonly doorbellKey: number
  /** After CMD_CANCELCAPTURE the sensor reads no finger until CMD_STARTVERIFY or the end of that session. §17. */
  readonly cancelStopsSensor: boolean
  /** Where the alarm's number stands in the event that names a person: before it, or behind the finger. §18.4. */
  readonly alarmOrder: 'alarm-first' | 'finger-first'
  /** Most data bytes in a data packet over TCP; over UDP 1024 at most. §14.4. */
  readonly maxPacketBytes: number
  /** A set up to this many bytes, its size word included, comes inline. §14.3. */
  readonly inlineLimitBytes: number
  /** What the closing CMD_ACK_OK of a transfer carries in its session field. §1. */
  readonly closingAck: 'last-index' | 'byte-total'
  /** Code that refuses CMD_DATA_WRRQ, so that only direct reads are left; undefined: buffered reads work. §26.6. */
  readonly refusesBufferedReads: number | undefined
  /** Which tables that is about: all, or those of these names (`BULK_TABLES` of the wire). §26.6. */
  readonly refusesBufferedReadsOf: 'all' | readonly BulkTableName[]
  /** What the direct read of the log (command 13) gives: the log, leftover memory in perfect framing, or 65535. §14.1. */
  readonly directReads: 'log' | 'leftover-memory' | 'unknown'
  /** What becomes of live events that their client does not acknowledge. §26.8. */
  readonly unacknowledgedEvents: UnacknowledgedEvents
  /** Code that answers CMD_CONNECT of every client; undefined: clients are served. */
  readonly refusesClients: number | undefined
  /** What a packet with a wrong checksum meets. §26.2. */
  readonly checksums: 'drop' | 'accept' | 'refuse'
  /** What a request without a session meets: 2005, or silence. §26.3. */
  readonly withoutSession: 'refuse' | 'silence'
  /** So many wrong keys in one session, and no key is right any more; undefined: no limit is known. §26.3. */
  readonly authTries: number | undefined
  /** A request that comes twice over UDP, with the same reply number, is answered again and not carried out again. §26.3. */
  readonly remembersLastAnswer: boolean
  /** CMD_CLEAR_DATA with a number that no table has clears everything; otherwise it is refused. §23. */
  readonly clearsOnUnknownType: boolean
  /** A client may announce an upload of at most this many bytes. §26.7. */
  readonly uploadLimitBytes: number
  /** A request with another session id than the connection's is refused with 2005, or the id is ignored. §26.3. */
  readonly foreignSessionId: 'refuse' | 'ignore'
  readonly maxSessions: number
  /** A connection without a request for this long is closed. §26.1. */
  readonly idleMs: number
  /** What one unit of CMD_UNLOCK's delay means. §19. */
  readonly unlockUnitMs: number
  readonly restart: {
    /** Whether CMD_RESTART is acknowledged before the connections drop. §8. */
    readonly acknowledged: boolean
    /** How long the port stays closed. */
    readonly downMs: number
  }
  /** A disabled terminal is enabled again when the session that disabled it ends. §26.5. */
  readonly enablesOnSessionEnd: boolean
}

const COMMON_OPTIONS = {
  '~OS': '1',
  '~OEMVendor': 'ZKTeco Inc.',
  NetMask: '255.255.255.0',
  GATEIPAddress: '192.168.1.1',
  NetworkOn: '1',
  DeviceID: '1',
  NewLng: '97',
  WorkCode: '0',
  CompatOldFirmware: '0',
  LockOn: '5',
  VoiceOn: '1',
  IdleMinute: '0',
} as const

const typical: Profile = {
  name: 'typical',
  about: 'A TFT unit (JZ4725_TFT, K20): 72-byte people, 40-byte log, over TCP and UDP',
  transports: ['tcp', 'udp'],
  personLayout: 'person/72',
  attendanceLayout: 'attendance/40',
  punchEventBytes: 36,
  opensDoor: false,
  freeSizesBytes: 92,
  tellsRecordCount: true,
  logsDenials: false,
  firmware: 'Ver 6.60 Jun 9 2017',
  options: {
    ...COMMON_OPTIONS,
    '~Platform': 'JZ4725_TFT',
    '~DeviceName': 'K20',
    '~ProductTime': '2017-06-09 10:21:07',
    '~SSR': '1',
    '~ZKFPVersion': '10',
    FaceFunOn: '0',
    '~ExtendFmt': '0',
    '~UserExtFmt': '1',
    '~PIN2Width': '9',
  },
  pinWidth: 9,
  capacity: { people: 1_000, fingerprints: 3_000, records: 100_000, faces: 0 },
  mostOperations: 10_000,
  mostMessages: 100,
  fullLog: 'refuse',
  fullOperationLog: 'drop-block',
  recordsClients: true,
  uniquePins: true,
  wantsEmptyFinger: true,
  writesShow: 'at-once',
  accessForm: 'tft',
  highestGroup: 100,
  checksAccess: false,
  enrolment: {
    overNetwork: 'works',
    presses: 3,
    pressTimeoutMs: 10_000,
    timeoutResult: 6,
    badPressEnds: true,
  },
  doorbellKey: 11,
  cancelStopsSensor: true,
  alarmOrder: 'alarm-first',
  maxPacketBytes: 1_008,
  inlineLimitBytes: 1_024,
  closingAck: 'last-index',
  refusesBufferedReads: undefined,
  refusesBufferedReadsOf: 'all',
  directReads: 'log',
  unacknowledgedEvents: { resends: 0, resendMs: 5_000, stopAfter: undefined },
  refusesClients: undefined,
  checksums: 'drop',
  withoutSession: 'refuse',
  authTries: undefined,
  remembersLastAnswer: true,
  clearsOnUnknownType: false,
  uploadLimitBytes: 16 * 1024 * 1024,
  foreignSessionId: 'refuse',
  maxSessions: 4,
  idleMs: 60_000,
  unlockUnitMs: 100,
  restart: { acknowledged: true, downMs: 1_000 },
  enablesOnSessionEnd: true,
}

const old: Profile = {
  ...typical,
  name: 'old',
  about: 'A black-and-white unit (ZEM560, MA300): 28-byte people, 8-byte log in layout B, over UDP',
  transports: ['udp'],
  personLayout: 'person/28',
  attendanceLayout: 'attendance/8b',
  punchEventBytes: 10,
  freeSizesBytes: 80,
  firmware: 'Ver 6.60 Mar 18 2013',
  options: {
    ...COMMON_OPTIONS,
    '~Platform': 'ZEM560',
    '~DeviceName': 'MA300',
    '~ProductTime': '2013-03-18 09:12:44',
    '~ZKFPVersion': '9',
    '~ExtendFmt': '0',
    '~PIN2Width': '9',
  },
  capacity: { ...typical.capacity, people: 1_500, fingerprints: 1_500 },
  accessForm: 'compact',
  highestGroup: 5,
  maxPacketBytes: 1_024,
}

const compact: Profile = {
  ...old,
  name: 'compact',
  about: 'A unit with the extended compact log (~ExtendFmt=1): 28-byte people, 16-byte log, over UDP and TCP',
  transports: ['tcp', 'udp'],
  attendanceLayout: 'attendance/16',
  punchEventBytes: 12,
  options: { ...old.options, '~DeviceName': 'F7plus', '~ExtendFmt': '1' },
}

const accessPanel: Profile = {
  ...compact,
  name: 'access-panel',
  about: 'An access panel (ZEM760): 28-byte people, 16-byte log that keeps refused attempts, over TCP',
  transports: ['tcp'],
  logsDenials: true,
  opensDoor: true,
  checksAccess: true,
  firmware: 'Ver 6.60 Nov 7 2014',
  options: {
    ...compact.options,
    '~Platform': 'ZEM760',
    '~DeviceName': 'F8',
    '~ProductTime': '2014-11-07 14:00:21',
  },
}

const visibleLight: Profile = {
  ...typical,
  name: 'visible-light',
  about: 'A visible-light unit (ZAM170_TFT, SpeedFace-V5L): 72-byte people, 49-byte log, over TCP',
  transports: ['tcp'],
  attendanceLayout: 'attendance/49',
  punchEventBytes: 52,
  freeSizesBytes: 112,
  firmware: 'Ver 6.60 Jul  1 2020',
  options: {
    ...COMMON_OPTIONS,
    '~Platform': 'ZAM170_TFT',
    '~DeviceName': 'SpeedFace-V5L',
    '~ProductTime': '2020-07-01 16:40:02',
    '~SSR': '1',
    '~ZKFPVersion': '10',
    ZKFaceVersion: '35',
    FaceFunOn: '1',
    '~UserExtFmt': '1',
    '~PIN2Width': '14',
  },
  pinWidth: 14,
  capacity: { ...typical.capacity, people: 10_000, fingerprints: 6_000, records: 200_000, faces: 6_000 },
  maxPacketBytes: 65_536,
  maxSessions: 1,
}

const strict: Profile = {
  ...typical,
  name: 'strict',
  about: 'A TFT unit that serves one session over one TCP connection',
  transports: ['tcp'],
  maxSessions: 1,
}

/** Some firmware answers CMD_CONNECT with a code that no client knows. */
const UNKNOWN_ANSWER = 4_989

const noClients: Profile = {
  ...visibleLight,
  name: 'no-clients',
  about: 'New firmware that refuses clients of this protocol',
  refusesClients: UNKNOWN_ANSWER,
}

const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  old,
  compact,
  typical,
  'visible-light': visibleLight,
  'access-panel': accessPanel,
  strict,
  'no-clients': noClients,
}

/** All models, in the order in which the command line lists them. */
export const profiles: readonly Profile[] = Object.values(PROFILES)

/**
 * The model of a name. To change a habit, spread it: `{ ...profileNamed('typical'), maxPacketBytes: 65_536 }`.
 * @throws RangeError when there is none of that name; the message lists those there are.
 */
export function profileNamed(name: string): Profile {
  const found = profiles.find((profile) => profile.name === name)
  if (found === undefined) {
    throw new RangeError(`no profile ${JSON.stringify(name)}; there are ${Object.keys(PROFILES).join(', ')}`)
  }
  return found
}
