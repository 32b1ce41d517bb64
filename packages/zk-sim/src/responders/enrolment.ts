// Orders to the sensor: enrol a finger, recognise one person, stop, go on. What comes of them sensor.ts plays.
// Source: docs/protocol §17 and §26.9.
import {
  cancelCapture,
  CODES,
  HIGHEST_FINGER,
  startEnrolment,
  startEnrolmentByNumber,
  startVerification,
  TEMPLATE_FLAGS,
} from '@org/zk-proto/wire'
import { fork, refused, respond, type Answer, type Exchange, type Fork, type Responder } from './respond.ts'

const byPin = respond(startEnrolment, enrol)

const byNumber = respond(startEnrolmentByNumber, ({ pinNumber, finger }, exchange) =>
  enrol({ pin: String(pinNumber), finger, flag: TEMPLATE_FLAGS.valid }, exchange),
)

export const enrolmentResponders: readonly (Responder | Fork)[] = [
  // Terminals that keep pins as numbers take them as numbers here too.
  fork(CODES.STARTENROLL, (_, { memory }) =>
    memory.profile.personLayout === 'person/28' ? byNumber : byPin,
  ),

  respond(startVerification, ({ uid }, { memory, link }) => {
    if (uid !== undefined && memory.people.get(uid) === undefined) return refused()
    memory.sensor.verify(uid, link.sessionId)
    return undefined
  }),

  respond(cancelCapture, (_, { memory, link }) => memory.sensor.cancel(link.sessionId)),
]

function enrol(
  { pin, finger, flag }: { pin: string; finger: number; flag: number },
  { memory, link }: Exchange,
): Answer | undefined {
  const { overNetwork } = memory.profile.enrolment
  const person = memory.people.findByPin(pin)
  if (overNetwork === 'refused' || person === undefined || finger > HIGHEST_FINGER) return refused()
  const { uid } = person
  if (memory.templates.get(uid, finger) !== undefined || !memory.templates.takes(uid, finger))
    return refused()
  if (overNetwork === 'no-events') return undefined
  return memory.sensor.enrol({ uid, pin, finger, flag }, link.sessionId) ? undefined : refused()
}
