// Every declared command is answered: no model that serves clients meets one of them with 65535, whatever its data, and
// what has no layout stays unknown. Bad arguments are refused and change nothing.
import {
  CODES,
  COMMANDS,
  deletePerson,
  linkMessage,
  REPLIES,
  sms72,
  startEnrolment,
  startVerification,
  unlockCombination,
  writeGroupZones,
  writePersonGroup,
  writePersonZones,
  writeTemplate,
  writeTimeZone,
} from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { profiles } from '../src/profile.ts'
import { bareConversation } from './support/bare-conversation.ts'
import type { RawClient } from './support/raw-client.ts'

const NO_DATA = new Uint8Array(0)
const served = profiles.filter(({ refusesClients }) => refusesClients === undefined)

/** What comes as a transfer ends with an acknowledgement, which is not the answer to the next request. */
async function transferEnds(client: RawClient): Promise<void> {
  for (let index = client.received.length - 1; ; index++) {
    if ((await client.nth(index)).command === REPLIES.ACK_OK) return
  }
}

describe.each(served)('a $name terminal', (profile) => {
  // A restart and a goodbye end the conversation; other tests have them.
  const ending = new Set<number>([CODES.RESTART, CODES.POWEROFF, CODES.EXIT, CODES.CONNECT])
  const asked = [...new Set(COMMANDS.map(({ code }) => code))].filter((code) => !ending.has(code))

  it('knows every command that is declared, with data of any length', async () => {
    await using at = await bareConversation({ profile })
    for (const code of asked) {
      for (const length of [0, 1, 2, 3, 8, 40]) {
        const { command } = await at.ask(code, new Uint8Array(length))
        expect({ code, length, command }).not.toMatchObject({ command: REPLIES.ACK_UNKNOWN })
        if (command === REPLIES.PREPARE_DATA) await transferEnds(at.client)
      }
    }
    expect(at.terminal.stats.requests).toMatchObject({
      readTemplate: 5,
      readPeopleDirectly: 1,
      clearEverything: 1,
    })
  })

  it('does not know what has no layout: files, firmware, photos', async () => {
    await using at = await bareConversation({ profile })
    for (const code of [
      1_700,
      1_702,
      CODES.WRITE_MIFARE,
      1_709,
      1_710,
      1_711,
      2_013,
      2_016,
      CODES.CAPTUREIMAGE,
    ]) {
      expect(await at.codeOf(code, new Uint8Array(16))).toBe(REPLIES.ACK_UNKNOWN)
    }
  })
})

describe('what cannot be done is refused and changes nothing:', () => {
  const zones = { own: 1, zone1: 1, zone2: 0, zone3: 0 }
  const message = sms72.encode({ tag: 1, id: 5, validMinutes: 0, startTime: 0, text: NO_DATA })
  const cases: [string, number, Uint8Array][] = [
    ['deleting nobody', CODES.DELETE_USER, deletePerson.request.encode({ uid: 99 })],
    ['a group for nobody', CODES.USERGRP_WRQ, writePersonGroup.request.encode({ uid: 99, group: 1 })],
    ['group 101', CODES.USERGRP_WRQ, writePersonGroup.request.encode({ uid: 1, group: 101 })],
    ['zones for nobody', CODES.USERTZ_WRQ, writePersonZones.request.encode({ uid: 99, ...zones })],
    [
      'zone 51 of a person',
      CODES.USERTZ_WRQ,
      writePersonZones.request.encode({ uid: 1, ...zones, zone2: 51 }),
    ],
    ['zone 51', CODES.TZ_WRQ, writeTimeZone.request.encode({ zone: 51, week: new Uint8Array(28) })],
    ['zone 0', CODES.TZ_WRQ, writeTimeZone.request.encode({ zone: 0, week: new Uint8Array(28) })],
    [
      'group 0',
      CODES.GRPTZ_WRQ,
      writeGroupZones.request.encode({ group: 0, zone1: 1, zone2: 0, zone3: 0, style: 0 }),
    ],
    [
      'a group in zone 99',
      CODES.GRPTZ_WRQ,
      writeGroupZones.request.encode({ group: 2, zone1: 99, zone2: 0, zone3: 0, style: 0 }),
    ],
    [
      'combination 11',
      CODES.ULG_WRQ,
      unlockCombination.encode({
        combination: 11,
        group1: 1,
        group2: 0,
        group3: 0,
        group4: 0,
        group5: 0,
        groupCount: 1,
      }),
    ],
    [
      'a combination with group 200',
      CODES.ULG_WRQ,
      unlockCombination.encode({
        combination: 1,
        group1: 200,
        group2: 0,
        group3: 0,
        group4: 0,
        group5: 0,
        groupCount: 1,
      }),
    ],
    ['a message without number', CODES.SMS_WRQ, sms72.encode({ ...sms72.decode(message), id: 0 })],
    ['linking no message', CODES.UDATA_WRQ, linkMessage.request.encode({ uid: 1, id: 5 })],
    ['reading no message', CODES.SMS_RRQ, Uint8Array.of(5, 0)],
    [
      'enrolling nobody',
      CODES.STARTENROLL,
      startEnrolment.request.encode({ pin: 'nobody', finger: 1, flag: 1 }),
    ],
    [
      'enrolling finger 10',
      CODES.STARTENROLL,
      startEnrolment.request.encode({ pin: '1001', finger: 10, flag: 1 }),
    ],
    ['recognising nobody', CODES.STARTVERIFY, startVerification.request.encode({ uid: 99 })],
    [
      'a template that was not uploaded',
      CODES.TMP_WRITE,
      writeTemplate.request.encode({ uid: 1, finger: 1, flag: 1, sizeBytes: 4 }),
    ],
    ['a piece that was not announced', CODES.DATA, Uint8Array.of(1)],
    ['line 16 of the screen', CODES.WRITE_LCD, Uint8Array.of(16, 0, 0, 65)],
    ['clearing table 9', CODES.CLEAR_DATA, Uint8Array.of(9)],
    ['reading no table', CODES.DB_RRQ, Uint8Array.of(99)],
    ['the checksum of nothing', CODES.CHECKSUM_BUFFER, NO_DATA],
  ]
  it.each(cases)('%s', async (_, code, payload) => {
    await using at = await bareConversation()
    const { wallTime: _before, ...before } = at.memory.truth()
    expect(await at.codeOf(code, payload)).toBe(REPLIES.ACK_ERROR)
    const { wallTime: _after, ...after } = at.memory.truth()
    expect(after).toEqual(before)
  })
})
