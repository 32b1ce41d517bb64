// What a live event says, in words.
import { punchStateName, verifyModeName, type LiveEvent } from '@org/zk-proto/wire'
import type { Fact } from './entry.ts'
import { bytesFact, fact } from './facts.ts'

/** A live event in words. */
export function liveFacts(event: LiveEvent): Fact[] {
  switch (event.type) {
    case 'punch':
      return [
        fact('pin', event.pin, 'pin'),
        fact('wallTime', event.wallTime, 'plain'),
        fact('state', punchStateName(event.state), 'plain'),
        fact('stateCode', event.state, 'plain'),
        fact('verifyMode', verifyModeName(event.verifyMode), 'plain'),
        ...(event.workCode === undefined ? [] : [fact('workCode', event.workCode, 'plain')]),
        ...(event.denied ? [fact('denied', true, 'plain')] : []),
      ]
    case 'sample':
      return [fact('score', event.score, 'plain')]
    case 'verification':
      return [event.uid === undefined ? fact('uid', null, 'plain') : fact('uid', event.uid, 'uid')]
    case 'person':
      return [fact('uid', event.uid, 'uid')]
    case 'enrolment':
      return [
        fact('result', event.result, 'plain'),
        ...(event.pin === undefined ? [] : [fact('pin', event.pin, 'pin')]),
        ...(event.finger === undefined ? [] : [fact('finger', event.finger, 'plain')]),
        ...(event.templateBytes === undefined ? [] : [fact('templateBytes', event.templateBytes, 'plain')]),
      ]
    case 'button':
      return [fact('key', event.key, 'plain')]
    case 'alarm':
      return [
        fact('alarm', event.alarm, 'plain'),
        fact('alarmCode', event.alarmCode, 'plain'),
        ...(event.uid === undefined ? [] : [fact('uid', event.uid, 'uid')]),
      ]
    case 'touch':
    case 'unlock':
    case 'unknown':
    default:
      return event.raw.length === 0 ? [] : [bytesFact(event.raw)]
  }
}
