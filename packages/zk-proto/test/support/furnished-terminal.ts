// A scripted terminal that keeps what is written to it: people, templates, access rules, options, clock, messages. It answers
// as docs/protocol §26 says. What it is told to forget it acknowledges and does not keep, as some units do.
import { putU32 } from '../../src/bytes.ts'
import { CODES, DATA_TYPES, REPLIES } from '../../src/codes.ts'
import {
  readPersonGroup,
  readPersonZones,
  readVerifyMode,
  writePersonGroup,
} from '../../src/commands/access.ts'
import { prepareBulk } from '../../src/commands/bulk.ts'
import { deleteMessage, readMessage } from '../../src/commands/messages.ts'
import { deletePerson } from '../../src/commands/people.ts'
import { deleteTemplate, deleteTemplateByUid, writeTemplate } from '../../src/commands/templates.ts'
import { writeClock } from '../../src/commands/terminal.ts'
import { joinBytes, sameBytes, u16At } from '../../src/bytes.ts'
import { nulText, optionValue } from '../../src/records/option.ts'
import { personVerifyMode, personZonesWrite } from '../../src/records/access.ts'
import { sms72 } from '../../src/records/sms.ts'
import { decodeTemplateUpload } from '../../src/records/template-upload.ts'
import { encodeSingleTemplate, encodeTemplates } from '../../src/records/template.ts'
import type { Template } from '../../src/records/template.ts'
import type { TerminalRequest } from '../../src/session/terminal-session.ts'
import type { Script, ScriptedTerminal } from './scripted-terminal.ts'
import { tableOf } from './scripted-terminal.ts'

export class Furniture {
  people: Uint8Array[] = []
  templates: Template[] = []
  readonly options = new Map<string, string>([
    ['~SSR', '1'],
    ['~Platform', 'ZMM220_TFT'],
    ['VoiceOn', '1'],
  ])
  readonly verifyModes = new Map<number, Uint8Array>()
  readonly groups = new Map<number, number>()
  readonly zonesOf = new Map<number, Uint8Array>()
  /** Answers of 25, 27 and 29 by number. */
  readonly groupZones = new Map<number, Uint8Array>()
  readonly timeZones = new Map<number, Uint8Array>()
  readonly combinations = new Map<number, Uint8Array>()
  readonly messages = new Map<number, Uint8Array>()
  operations: Uint8Array = new Uint8Array(0)
  workCodes: Uint8Array = new Uint8Array(0)
  /** Uid and message, one after the other. */
  messageLinks: Uint8Array[] = []
  packedTime = 0x338400a2
  /** Commands that it acknowledges and does not carry out. */
  readonly forgets = new Set<number>()
  upload: Uint8Array[] = []
  /** Whether it was disabled when the last template was written. */
  disabledForTemplate = false
  cleared: string[] = []

  /** The script of a terminal that holds this. */
  script(more: Script = {}): Script {
    return {
      ...more,
      first: (request, terminal) =>
        more.first?.(request, terminal) === true ||
        (more.refuse?.[request.code] === undefined && this.#answer(request, terminal)),
    }
  }

  #answer(request: TerminalRequest, terminal: ScriptedTerminal): boolean {
    const { code, payload } = request
    if (terminal.session.sessionId === 0 || request.sessionId !== terminal.session.sessionId) return false
    if (this.forgets.has(code)) {
      terminal.ok(request)
      return true
    }
    const refuse = (): true => {
      terminal.session.reply(request, { code: REPLIES.ACK_ERROR })
      return true
    }
    const give = (bytes: Uint8Array | undefined): true => {
      if (bytes === undefined) return refuse()
      terminal.ok(request, bytes)
      return true
    }
    const done = (): true => give(new Uint8Array(0))
    switch (code) {
      case CODES.OPTIONS_RRQ: {
        const name = nulText.decode(payload)
        const value = this.options.get(name)
        return value === undefined ? refuse() : give(optionValue.encode({ name, value }))
      }
      case CODES.OPTIONS_WRQ: {
        const { name, value } = optionValue.decode(payload)
        this.options.set(name, value)
        return done()
      }
      case CODES.GET_PINWIDTH:
        return give(Uint8Array.of(14))
      case CODES.GET_TIME: {
        const clock = new Uint8Array(4)
        putU32(clock, 0, this.packedTime)
        return give(clock)
      }
      case CODES.SET_TIME:
        this.packedTime = writeClock.request.decode(payload).time
        return done()
      case CODES.STATE_RRQ:
        terminal.session.reply(request, { code: REPLIES.ACK_OK, sessionField: 2 })
        return true
      case CODES.USER_WRQ:
        this.#putPerson(payload.slice())
        return done()
      case CODES.DELETE_USER: {
        const { uid } = deletePerson.request.decode(payload)
        const before = this.people.length
        this.people = this.people.filter((record) => u16At(record, 0) !== uid)
        this.templates = this.templates.filter((template) => template.uid !== uid)
        return before === this.people.length ? refuse() : done()
      }
      case CODES.CLEAR_ADMIN:
        this.people = this.people.map((record) => {
          const ordinary = record.slice()
          ordinary[2] = 0
          return ordinary
        })
        return done()
      case CODES.USERTEMP_RRQ:
      case CODES.GET_USERTEMP: {
        const template = this.templates.find(
          ({ uid, finger }) => uid === u16At(payload, 0) && finger === payload[2],
        )
        if (template === undefined) return refuse()
        terminal.transfer(request, encodeSingleTemplate(template))
        return true
      }
      case CODES.PREPARE_DATA:
        this.upload = []
        return done()
      case CODES.DATA:
        this.upload.push(payload.slice())
        return done()
      case CODES.CHECKSUM_BUFFER:
        return give(Uint8Array.of(1, 2, 3, 4))
      case CODES.TMP_WRITE: {
        const { uid, finger, flag, sizeBytes } = writeTemplate.request.decode(payload)
        const bytes = joinBytes([new Uint8Array(0), ...this.upload])
        const taken = this.templates.some((one) => one.uid === uid && one.finger === finger)
        if (taken || bytes.length !== sizeBytes || !this.#knows(uid)) return refuse()
        this.disabledForTemplate = terminal.disabled
        this.templates.push({ uid, finger, flag, bytes })
        return done()
      }
      case CODES.SAVE_USERTEMPS: {
        const size = this.people[0]?.length ?? 72
        const { people, templates } = decodeTemplateUpload(
          joinBytes([new Uint8Array(0), ...this.upload]),
          size,
        )
        for (const record of people) this.#putPerson(record)
        for (const template of templates) this.templates.push({ ...template, flag: 1 })
        return done()
      }
      case CODES.DEL_FPTMP: {
        const { pin, finger } = deleteTemplate.request.decode(payload)
        const owner = this.people.find((record) => nulText.decode(record.subarray(48)) === pin)
        return this.#dropTemplate(owner === undefined ? -1 : u16At(owner, 0), finger) ? done() : refuse()
      }
      case CODES.DELETE_USERTEMP: {
        const { uid, finger } = deleteTemplateByUid.request.decode(payload)
        return this.#dropTemplate(uid, finger) ? done() : refuse()
      }
      case CODES.VERIFY_RRQ: {
        const { uid } = readVerifyMode.request.decode(payload)
        return give(this.verifyModes.get(uid) ?? personVerifyMode.encode({ uid, mode: 0 }))
      }
      case CODES.VERIFY_WRQ:
        this.verifyModes.set(u16At(payload, 0), payload.slice())
        return done()
      case CODES.USERGRP_RRQ:
        return give(Uint8Array.of(this.groups.get(readPersonGroup.request.decode(payload).uid) ?? 1))
      case CODES.USERGRP_WRQ: {
        const { uid, group } = writePersonGroup.request.decode(payload)
        this.groups.set(uid, group)
        return done()
      }
      case CODES.USERTZ_RRQ: {
        const { uid } = readPersonZones.request.decode(payload)
        return give(this.zonesOf.get(uid) ?? new Uint8Array(8))
      }
      case CODES.USERTZ_WRQ: {
        const { uid, own, zone1, zone2, zone3 } = personZonesWrite.decode(payload)
        this.zonesOf.set(uid, readPersonZones.reply.encode({ own, zone1, zone2, zone3 }))
        return done()
      }
      case CODES.GRPTZ_RRQ:
        return give(this.groupZones.get(payload[0] ?? 0))
      case CODES.GRPTZ_WRQ:
        this.#putGroup(payload)
        return done()
      case CODES.TZ_RRQ:
        return give(this.timeZones.get(u16At(payload, 0)))
      case CODES.TZ_WRQ:
        this.timeZones.set(u16At(payload, 0), this.#zoneAnswer(payload))
        return done()
      case CODES.ULG_RRQ:
        return give(this.combinations.get(payload[0] ?? 0))
      case CODES.ULG_WRQ:
        this.combinations.set(payload[0] ?? 0, payload.slice())
        return done()
      case CODES.SMS_RRQ:
        return give(this.messages.get(readMessage.request.decode(payload).id))
      case CODES.SMS_WRQ:
        this.messages.set(sms72.decode(payload).id, payload.slice())
        return done()
      case CODES.DELETE_SMS:
        return this.messages.delete(deleteMessage.request.decode(payload).id) ? done() : refuse()
      case CODES.CLEAR_DATA:
        this.cleared.push(payload.length === 0 ? 'everything' : `table ${payload[0]}`)
        return done()
      case CODES.CLEAR_ATTLOG:
      case CODES.CLEAR_OPLOG:
      case CODES.CLEAR_ACC:
        this.cleared.push(String(code))
        return done()
      case CODES.DATA_WRRQ: {
        const records = this.#table(payload)
        if (records === undefined) return false
        terminal.session.reply(request, { code: REPLIES.DATA, payload: tableOf(records) })
        return true
      }
      case CODES.UDATA_WRQ:
        this.messageLinks.push(payload.slice())
        return done()
      case CODES.DELETE_UDATA:
        this.messageLinks = this.messageLinks.filter((link) => !sameBytes(link, payload))
        return done()
      case CODES.REFRESHDATA:
      case CODES.REFRESHOPTION:
      case CODES.WRITE_LCD:
      case CODES.CLEAR_LCD:
      case CODES.ENABLE_CLOCK:
      case CODES.TESTVOICE:
      case CODES.SLEEP:
      case CODES.RESUME:
      case CODES.CANCELCAPTURE:
      case CODES.STARTENROLL:
      case CODES.STARTVERIFY:
      case CODES.UNLOCK:
      case CODES.RESTART:
      case CODES.POWEROFF:
        return done()
      case CODES.DOORSTATE_RRQ:
        return give(Uint8Array.of(1))
      default:
        return false
    }
  }

  #table(payload: Uint8Array): Uint8Array | undefined {
    const { command, dataType } = prepareBulk.request.decode(payload)
    if (command === CODES.USERTEMP_RRQ) return joinBytes([new Uint8Array(0), ...this.people])
    if (command === CODES.OPLOG_RRQ) return this.operations
    if (command !== CODES.DB_RRQ) return undefined
    if (dataType === DATA_TYPES.TEMPLATES) return encodeTemplates(this.templates)
    if (dataType === DATA_TYPES.SMS) return joinBytes([new Uint8Array(0), ...this.messages.values()])
    if (dataType === DATA_TYPES.SMS_LINKS) return joinBytes([new Uint8Array(0), ...this.messageLinks])
    return this.workCodes
  }

  #knows(uid: number): boolean {
    return this.people.some((record) => u16At(record, 0) === uid)
  }

  #putPerson(record: Uint8Array): void {
    this.people = [...this.people.filter((one) => u16At(one, 0) !== u16At(record, 0)), record]
  }

  #dropTemplate(uid: number, finger: number): boolean {
    const before = this.templates.length
    this.templates = this.templates.filter((one) => one.uid !== uid || one.finger !== finger)
    return this.templates.length < before
  }

  /** 8 bytes are the TFT form, 20 the compact one, whose answer has 8 bytes of another form. */
  #putGroup(payload: Uint8Array): void {
    const group = payload[0] ?? 0
    if (payload.length === 8) this.groupZones.set(group, payload.slice())
    else if (payload[4] === 0) this.groupZones.set(group, new Uint8Array(4))
    else this.groupZones.set(group, Uint8Array.of(1, 0, 0, 0, ...payload.subarray(8, 12)))
  }

  #zoneAnswer(payload: Uint8Array): Uint8Array {
    const week = payload.slice(4)
    if (this.options.get('~Platform') === 'ZEM760') return week
    return Uint8Array.of(...payload.subarray(0, 2), ...week, 0xa7, 0x1c)
  }
}
