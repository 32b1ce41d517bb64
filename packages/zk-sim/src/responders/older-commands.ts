// Commands of older clients that newer ones have no use for: a template written in one packet, the speed of a serial
// line. Source: docs/protocol §8 and §15.2.
import { CODES, defineCommand, empty, layout, u16, u8, type Codec } from '@org/zk-proto/wire'
import { refused, respond, type Responder } from './respond.ts'
import { hasRoom } from './templates.ts'

const templateHead = layout('writeTemplateAtOnce', 6, {
  sizeBytes: u16(0),
  uid: u16(2),
  finger: u8(4),
  flag: u8(5),
})

interface WholeTemplate {
  readonly uid: number
  readonly finger: number
  readonly flag: number
  /** Undefined when fewer or more bytes came than were announced. */
  readonly bytes: Uint8Array | undefined
}

const wholeTemplate: Codec<WholeTemplate> = {
  name: 'whole template',
  decode(payload) {
    const { sizeBytes, ...whose } = templateHead.decode(payload)
    const bytes = payload.slice(templateHead.sizeBytes)
    return { ...whose, bytes: bytes.length === sizeBytes ? bytes : undefined }
  },
  encode({ uid, finger, flag, bytes = new Uint8Array(0) }) {
    return Uint8Array.of(...templateHead.encode({ sizeBytes: bytes.length, uid, finger, flag }), ...bytes)
  },
}

/** A template in one packet: the person must be there, the finger free. */
export const writeTemplateAtOnce = defineCommand({
  name: 'writeTemplateAtOnce',
  code: CODES.USERTEMP_WRQ,
  request: wholeTemplate,
  reply: empty,
  repeat: 'unsafe',
})

/** Makes a serial line slower (0) or faster (1); nothing follows from it on a network. */
export const changeSpeed = defineCommand({
  name: 'changeSpeed',
  code: CODES.CHANGE_SPEED,
  request: layout('changeSpeed', 1, { faster: u8(0) }),
  reply: empty,
  repeat: 'safe',
})

export const olderResponders: readonly Responder[] = [
  respond(writeTemplateAtOnce, ({ uid, finger, flag, bytes }, { memory }) => {
    const isFree = memory.templates.get(uid, finger) === undefined
    if (bytes === undefined || bytes.length === 0 || !isFree || !hasRoom(memory, { uid, finger, bytes }))
      return refused()
    return memory.write(() => memory.templates.store(uid, finger, bytes, flag)) ? undefined : refused()
  }),

  respond(changeSpeed, () => undefined),
]
