// Options whose meaning is known, each with the kind of its value: what a typed reading or writing of an option is checked
// against. Any other option can be read and written as text. Source: docs/protocol §9.
import { ZkProtocolError, ZkUsageError } from '../errors.ts'

/** What the text of an option stands for. */
export type OptionKind = 'text' | 'number' | 'switch'

interface KnownOption {
  readonly kind: OptionKind
  readonly meaning: string
  /** Facts of the hardware; terminals refuse to change them. */
  readonly fixed?: true
}

/** Known options by name. */
export const KNOWN_OPTIONS = {
  '~SerialNumber': { kind: 'text', meaning: 'serial number', fixed: true },
  '~DeviceName': { kind: 'text', meaning: 'product name', fixed: true },
  '~Platform': { kind: 'text', meaning: 'hardware platform', fixed: true },
  '~OS': { kind: 'text', meaning: 'operating system id', fixed: true },
  '~OEMVendor': { kind: 'text', meaning: 'vendor name', fixed: true },
  '~ProductTime': { kind: 'text', meaning: 'production time', fixed: true },
  MAC: { kind: 'text', meaning: 'MAC address' },
  IPAddress: { kind: 'text', meaning: 'IP address' },
  NetMask: { kind: 'text', meaning: 'network mask' },
  GATEIPAddress: { kind: 'text', meaning: 'gateway' },
  TCPPort: { kind: 'number', meaning: 'TCP port' },
  UDPPort: { kind: 'number', meaning: 'UDP port' },
  NetworkOn: { kind: 'switch', meaning: 'network in use' },
  HiSpeedNet: { kind: 'number', meaning: 'network speed: 1, 4, 5, 8, else 10 Mbit half duplex' },
  '~ZKFPVersion': { kind: 'text', meaning: 'fingerprint algorithm', fixed: true },
  ZKFaceVersion: { kind: 'text', meaning: 'face algorithm' },
  '~ZKFaceVersion': { kind: 'text', meaning: 'face algorithm', fixed: true },
  '~ZKFVVersion': { kind: 'text', meaning: 'finger-vein algorithm', fixed: true },
  FaceFunOn: { kind: 'switch', meaning: 'face recognition present' },
  '~FaceFunOn': { kind: 'switch', meaning: 'face recognition present', fixed: true },
  BiometricType: { kind: 'text', meaning: 'biometric functions present' },
  FingerFunOn: { kind: 'switch', meaning: 'fingerprints present' },
  '~IsOnlyRFMachine': { kind: 'switch', meaning: 'takes cards only', fixed: true },
  '~RFCardOn': { kind: 'switch', meaning: 'takes cards', fixed: true },
  '~PIN2Width': { kind: 'number', meaning: 'longest pin', fixed: true },
  '~IsABCPinEnable': { kind: 'switch', meaning: 'letters in pins', fixed: true },
  IsSupportABCPin: { kind: 'switch', meaning: 'letters in pins' },
  '~T9FunOn': { kind: 'switch', meaning: 'text input', fixed: true },
  '~ExtendFmt': { kind: 'switch', meaning: 'attendance in the 16-byte form', fixed: true },
  '~UserExtFmt': { kind: 'switch', meaning: 'extended person form', fixed: true },
  ExtendOPLog: { kind: 'switch', meaning: 'extended operation log' },
  CompatOldFirmware: { kind: 'switch', meaning: 'compatibility mode' },
  '~SSR': { kind: 'switch', meaning: 'firmware with text pins', fixed: true },
  WorkCode: { kind: 'switch', meaning: 'work codes in use' },
  Language: { kind: 'number', meaning: 'language' },
  NewLng: { kind: 'number', meaning: 'language; 97 is English' },
  SDKBuild: { kind: 'number', meaning: 'written as 1 by vendor software' },
  DeviceID: { kind: 'number', meaning: 'number on a serial bus, 1 to 254' },
  IdleMinute: { kind: 'number', meaning: 'minutes until idle' },
  LockOn: { kind: 'number', meaning: 'seconds that the door stays unlocked' },
  AlarmAttLog: { kind: 'number', meaning: 'warning when so few punches fit' },
  AlarmOpLog: { kind: 'number', meaning: 'warning when so few operations fit' },
  AlarmReRec: { kind: 'number', meaning: 'minutes within which a repeated punch is not taken' },
  RS232BaudRate: { kind: 'number', meaning: 'speed of the serial line' },
  RS232On: { kind: 'switch', meaning: 'RS-232 in use' },
  RS485On: { kind: 'switch', meaning: 'RS-485 in use' },
  VoiceOn: { kind: 'switch', meaning: 'voice' },
  MSpeed: { kind: 'number', meaning: 'matching speed' },
  IdlePower: { kind: 'number', meaning: 'what idleness does: 87 shutdown, 88 sleep' },
  AutoPowerOff: { kind: 'number', meaning: 'time to switch off' },
  AutoPowerOn: { kind: 'number', meaning: 'time to switch on' },
  AutoPowerSuspend: { kind: 'number', meaning: 'time to sleep; 255 never' },
  AutoAlarm1: { kind: 'number', meaning: 'bell: hour in the high byte, minute in the low; 65535 off' },
  AutoAlarm2: { kind: 'number', meaning: 'bell, as AutoAlarm1' },
  AutoAlarm3: { kind: 'number', meaning: 'bell, as AutoAlarm1' },
  AutoAlarm4: { kind: 'number', meaning: 'bell, as AutoAlarm1' },
  AutoAlarm5: { kind: 'number', meaning: 'bell, as AutoAlarm1' },
  AutoAlarm6: { kind: 'number', meaning: 'bell, as AutoAlarm1' },
  MThreshold: { kind: 'number', meaning: 'threshold for 1:N matching' },
  EThreshold: { kind: 'number', meaning: 'threshold for enrolment' },
  VThreshold: { kind: 'number', meaning: 'threshold for 1:1 matching' },
  ShowScore: { kind: 'switch', meaning: 'shows the matching score' },
  UnlockPerson: { kind: 'number', meaning: 'people needed to unlock' },
  OnlyPINCard: { kind: 'switch', meaning: 'card number is enough' },
  MustEnroll: { kind: 'switch', meaning: 'must enrol' },
  TOState: { kind: 'number', meaning: 'presumably the time-out of the state keys' },
  TOMenu: { kind: 'number', meaning: 'presumably the time-out of the menu' },
  DtFmt: { kind: 'number', meaning: 'how dates are shown' },
  Must1To1: { kind: 'switch', meaning: '1:1 matching only' },
  AS1: { kind: 'number', meaning: 'automatic change of state; -1 none' },
  AS2: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS3: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS4: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS5: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS6: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS7: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS8: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS9: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS10: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS11: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS12: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS13: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS14: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS15: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  AS16: { kind: 'number', meaning: 'automatic change of state, as AS1' },
  WGFailedID: { kind: 'number', meaning: 'Wiegand: number sent for a failure' },
  WGDuressID: { kind: 'number', meaning: 'Wiegand: number sent under duress' },
  WGSiteCode: { kind: 'number', meaning: 'Wiegand: site code' },
  WGPulseWidth: { kind: 'number', meaning: 'Wiegand: width of a pulse' },
  WGPulseInterval: { kind: 'number', meaning: 'Wiegand: between two pulses' },
  '~RFSStart': { kind: 'number', meaning: 'card writing: presumably the first sector' },
  '~RFSLen': { kind: 'number', meaning: 'card writing: presumably how many sectors' },
  '~RFFPC': { kind: 'number', meaning: 'card writing: presumably how many fingers' },
  '~ShowState': { kind: 'number', meaning: 'presumably whether states are shown' },
  IMEFunOn: { kind: 'switch', meaning: 'input method for text' },
  IsSupportAlarmExt: { kind: 'switch', meaning: 'extended alarms' },
  '~DCTZ': { kind: 'number', meaning: 'presumably the zone in which the door stays closed' },
  '~DOTZ': { kind: 'number', meaning: 'presumably the zone in which the door stays open' },
  AntiPassbackOn: { kind: 'number', meaning: 'anti-passback' },
} as const satisfies Record<string, KnownOption>

/** The name of a known option. */
export type KnownOptionName = keyof typeof KNOWN_OPTIONS

interface ValueOfKind {
  readonly text: string
  readonly number: number
  readonly switch: boolean
}

/** The type of a known option's value. */
export type OptionValueOf<N extends KnownOptionName> = ValueOfKind[(typeof KNOWN_OPTIONS)[N]['kind']]

const WHOLE_NUMBER = /^-?\d{1,15}$/

function valueOfKind(kind: OptionKind, text: string): string | number | boolean | undefined {
  if (kind === 'text') return text
  if (kind === 'switch') return text === '1' || text === '0' ? text === '1' : undefined
  return WHOLE_NUMBER.test(text) ? Number(text) : undefined
}

/** The value of a known option from its text. Throws ZK_BAD_RECORD for a text that is not of its kind. */
export function parseOption<N extends KnownOptionName>(name: N, text: string): OptionValueOf<N>
export function parseOption(name: KnownOptionName, text: string): string | number | boolean {
  const { kind } = KNOWN_OPTIONS[name]
  const value = valueOfKind(kind, text.trim())
  if (value !== undefined) return value
  throw new ZkProtocolError(
    'ZK_BAD_RECORD',
    `The option ${name} holds "${text.slice(0, 40)}"; expected a ${kind === 'switch' ? 'switch, 0 or 1' : kind}`,
    { effect: 'none', details: { name, value: text.slice(0, 40) } },
  )
}

/** The text of a known option. Throws ZK_VALUE_OUT_OF_RANGE for a fact of the hardware or a number that is not whole. */
export function spellOption<N extends KnownOptionName>(name: N, value: OptionValueOf<N>): string
export function spellOption(name: KnownOptionName, value: string | number | boolean): string {
  const option: KnownOption = KNOWN_OPTIONS[name]
  const text = typeof value === 'boolean' ? String(Number(value)) : String(value)
  if (option.fixed === true)
    throw outOfRange(`The option ${name} is a fact of the hardware and cannot be changed`)
  if (valueOfKind(option.kind, text) === undefined) {
    throw outOfRange(`The option ${name} takes a ${option.kind}, got ${text.slice(0, 40)}`)
  }
  return text
}

function outOfRange(message: string): ZkUsageError {
  return new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', message)
}
