// What cache-store.ts and cached-answers.ts promise, checked on every store.
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CacheStore } from '../../src/cache/cache-store.ts'
import {
  createCachedAnswers,
  type CachedAnswer,
  type CachedAnswers,
  type CacheQuestion,
} from '../../src/cache/cached-answers.ts'
import { createChanges, type Changes } from '../../src/changes.ts'
import { quiet } from '../support/scratch-service.ts'

export interface CacheStoreRig {
  readonly store: CacheStore
  close(): Promise<void>
}

const ofDevice = (deviceId: number, filter: unknown = 'page 1'): CacheQuestion => ({
  subject: 'attendance',
  deviceIds: [deviceId],
  filter,
})
const OF_ALL: CacheQuestion = { subject: 'attendance', filter: 'page 1' }
const PEOPLE: CacheQuestion = { subject: 'people', filter: 'page 1' }

export function cachedAnswersContract(name: string, makeRig: () => Promise<CacheStoreRig>): void {
  describe(`cached answers in ${name}`, () => {
    let rig: CacheStoreRig
    let changes: Changes
    let answers: CachedAnswers
    let made: number
    beforeEach(async () => {
      rig = await makeRig()
      changes = createChanges(quiet)
      answers = createCachedAnswers({ store: rig.store, changes })
      made = 0
    })
    afterEach(() => rig.close())

    const make = () => Promise.resolve(`answer ${(made += 1)}`)
    const asText = async (answer: Promise<CachedAnswer>) => {
      const { bytes, hit } = await answer
      return { text: bytes.toString(), hit }
    }
    const ask = (question: CacheQuestion) => asText(answers.answer(question, make))

    it('are made once, and kept', async () => {
      expect(await ask(OF_ALL)).toEqual({ text: 'answer 1', hit: false })
      expect(await ask(OF_ALL)).toEqual({ text: 'answer 1', hit: true })
    })

    it('stay as they are, whatever is in them', async () => {
      const text = '\u0000"é😀\r\n'.repeat(100)
      await answers.answer(OF_ALL, () => Promise.resolve(text))
      expect(await ask(OF_ALL)).toEqual({ text, hit: true })
    })

    it('have the same name as long as they say the same, and another when they say something else', async () => {
      const named = async (question: CacheQuestion, text: string) =>
        (await answers.answer(question, () => Promise.resolve(text))).etag
      const name = await named(OF_ALL, 'é one')
      expect(name).toMatch(/^[\w-]{43}$/)
      expect(await named(OF_ALL, 'not asked: it is kept')).toBe(name)
      expect(await named(ofDevice(1), 'é one')).toBe(name)
      expect(await named(ofDevice(2), 'é two')).not.toBe(name)
    })

    it('keep apart what is asked of other devices, with other filters, or about something else', async () => {
      const questions = [
        OF_ALL,
        PEOPLE,
        ofDevice(1),
        ofDevice(2),
        ofDevice(1, 'page 2'),
        { ...OF_ALL, deviceIds: [] },
        { ...OF_ALL, deviceIds: [1, 2] },
        { ...OF_ALL, deviceIds: [1, 3] },
      ]
      for (const question of questions) expect(await ask(question)).toMatchObject({ hit: false })
      expect(made).toBe(questions.length)
      expect(await ask({ ...OF_ALL, deviceIds: [2, 1, 1] })).toMatchObject({ hit: true })
    })

    it('of a device and of all are forgotten when its punches change, and those of other devices are not', async () => {
      for (const question of [ofDevice(1), ofDevice(2), OF_ALL, PEOPLE]) await ask(question)
      await changes.tell({ of: 'punches', deviceId: 1 })
      expect(await ask(ofDevice(1))).toMatchObject({ hit: false })
      expect(await ask(OF_ALL)).toMatchObject({ hit: false })
      expect(await ask({ ...OF_ALL, deviceIds: [1, 2] })).toMatchObject({ hit: false })
      expect(await ask(ofDevice(2))).toMatchObject({ hit: true })
      expect(await ask(PEOPLE)).toMatchObject({ hit: true })
    })

    it.each(['people', 'device'] as const)('of both kinds are forgotten when its %s change', async (of) => {
      for (const question of [ofDevice(1), OF_ALL, PEOPLE]) await ask(question)
      await changes.tell({ of, deviceId: 1 })
      for (const question of [ofDevice(1), OF_ALL, PEOPLE])
        expect(await ask(question)).toMatchObject({ hit: false })
    })

    it('are not given when their query began before the forgetting and ended after it', async () => {
      const held = Promise.withResolvers<string>()
      const began = Promise.withResolvers<void>()
      const early = answers.answer(ofDevice(1), () => {
        began.resolve()
        return held.promise
      })
      await began.promise
      await changes.tell({ of: 'punches', deviceId: 1 })
      const during = await ask(ofDevice(1))
      expect(during).toEqual({ text: 'answer 1', hit: false })
      held.resolve('what was true before')
      expect(await asText(early)).toEqual({ text: 'what was true before', hit: false })
      expect(await ask(ofDevice(1))).toEqual({ text: 'answer 1', hit: true })
    })

    it('cost one query when a hundred ask at once, and one of them is told so', async () => {
      const held = Promise.withResolvers<string>()
      const asked = Array.from({ length: 100 }, () =>
        answers.answer(OF_ALL, () => {
          made += 1
          return held.promise
        }),
      )
      await new Promise((resolve) => setTimeout(resolve, 50))
      held.resolve('the answer')
      const outcomes = await Promise.all(asked)
      expect(made).toBe(1)
      expect(outcomes.filter(({ hit }) => !hit)).toHaveLength(1)
      expect(new Set(outcomes.map(({ bytes }) => bytes.toString()))).toEqual(new Set(['the answer']))
    })

    it('that failed are not kept', async () => {
      const failing = answers.answer(OF_ALL, () => Promise.reject(new Error('away')))
      await expect(failing).rejects.toThrow('away')
      expect(await ask(OF_ALL)).toEqual({ text: 'answer 1', hit: false })
    })

    it('too large to be kept are answered all the same', async () => {
      const text = 'x'.repeat(3_000_000)
      const answered = await answers.answer(OF_ALL, () => Promise.resolve(text))
      expect({ hit: answered.hit, length: answered.bytes.length }).toEqual({ hit: false, length: 3_000_000 })
      await setImmediate()
      expect(await ask(OF_ALL)).toMatchObject({ hit: false })
    })

    it('are all forgotten and counted when the cache is cleared, also those on the way', async () => {
      for (const question of [ofDevice(1), OF_ALL, PEOPLE]) await ask(question)
      const held = Promise.withResolvers<string>()
      const began = Promise.withResolvers<void>()
      const early = answers.answer(ofDevice(7), () => {
        began.resolve()
        return held.promise
      })
      await began.promise
      expect(await answers.clear()).toBe(3)
      held.resolve('what was true before')
      await early
      for (const question of [ofDevice(1), OF_ALL, PEOPLE, ofDevice(7)])
        expect(await ask(question)).toMatchObject({ hit: false })
      expect(await ask(OF_ALL)).toMatchObject({ hit: true })
    })
  })
}
