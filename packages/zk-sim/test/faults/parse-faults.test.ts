// Scripts of faults: an object, JSON and an expression say the same thing, and what they cannot say is told with its place.
import { describe, expect, it } from 'vitest'
import { FaultScriptError, planOf, type FaultPlan, type FaultScript } from '../../src/faults/fault-plan.ts'
import { FAULT_NAMES, faultDeclared } from '../../src/faults/fault-table.ts'
import { parseFaults } from '../../src/faults/parse-faults.ts'

const said = (plan: FaultPlan): string => plan.toString()

/** What the message of a failed reading says. */
function complaint(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof FaultScriptError) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('a script of faults', () => {
  it.each<{ expression: string; script: FaultScript }>([
    { expression: '', script: {} },
    { expression: 'lose=0.1,flip=0.01;seed=7', script: { lose: 0.1, flip: 0.01, seed: 7 } },
    { expression: 'lose = 10% , flip(share=1%) ;', script: { lose: 0.1, flip: { share: 0.01 } } },
    { expression: 'cut=3000(times=2, skip=1)', script: { cut: { afterBytes: 3_000, times: 2, skip: 1 } } },
    {
      expression: 'cut(afterBytes=3e3,times=always)',
      script: { cut: { afterBytes: 3_000, times: 'always' } },
    },
    { expression: 'coalesce\nrestart'.replace('\n', ';\n'), script: { coalesce: true, restart: true } },
    { expression: 'clear(atSlice=2, refill=5)', script: { clear: { atSlice: 2, refill: 5 } } },
    { expression: 'unanswered=unlockDoor', script: { unanswered: 'unlockDoor' } },
    { expression: 'missize(in=table, by=-40)', script: { missize: { in: 'table', by: -40 } } },
    { expression: 'clockJump=-3600', script: { clockJump: -3_600 } },
  ])('says the same as an object, as JSON and as an expression: $expression', ({ expression, script }) => {
    const plan = planOf(script)
    expect(said(parseFaults(expression))).toBe(said(plan))
    expect(said(parseFaults(JSON.stringify(script)))).toBe(said(plan))
    expect(said(parseFaults(said(plan)))).toBe(said(plan))
  })

  it('is kept as it was checked', () => {
    const plan = parseFaults('lose=0.5')
    expect(planOf(plan)).toBe(plan)
    expect(plan.faults.get('lose')?.number('share')).toBe(0.5)
    expect(() => plan.faults.get('lose')?.number('bytes')).toThrow(TypeError)
    expect(() => plan.faults.get('lose')?.word('share')).toThrow(TypeError)
  })

  it.each<[text: string, ...parts: string[]]>([
    ['lose=0.1, loose=1', 'character 11', 'no fault "loose"', 'there are segment,'],
    ['lose=7', 'character 1', 'lose.share: expected a number from 0 to 1 (share), got 7'],
    ['lose', 'lose: share is missing'],
    ['lose=0.1; lose=0.2', 'character 11', 'lose is there twice'],
    ['seed=1, seed=2', 'character 9', 'seed is there twice'],
    ['seed=-1', 'seed: expected a whole number from 0'],
    ['cut=1.5', 'cut.afterBytes: expected a whole number'],
    ['cut=3(bytes=7)', 'cut has no parameter "bytes"; it has afterBytes, times, skip'],
    ['cut=3(constructor=7)', 'cut has no parameter "constructor"; it has afterBytes, times, skip'],
    ['cut=3(afterBytes=7)', 'character 7', 'afterBytes is there twice'],
    ['cut=3(times=0)', 'cut.times: expected a whole number from 1 on, or always, got 0'],
    ['cut=3(skip=-1)', 'cut.skip: expected a whole number from 0 on'],
    ['cut=3(times=2', 'character 14', 'expected ), got the end'],
    ['cut=3 stall=4', 'character 7', 'expected a comma, a semicolon or the end, got "stall=4"'],
    ['cut=', 'character 5', 'expected a number or a word, got the end'],
    ['coalesce=3', 'coalesce takes no value'],
    ['=3', 'character 1', 'expected the name of a fault, or seed, got "=3"'],
    ['unanswered=openSesame', 'unanswered.to: expected the name of a command'],
    ['missize(in=roof, by=1)', 'missize.in: expected one of buffer, transfer, table, got "roof"'],
    ['{"lose":0.1', 'begins as JSON and is none'],
    ['{"lose":"much"}', 'lose.share: expected a number from 0 to 1 (share), got "much"'],
    ['{"lose":null}', 'lose.share: expected a number', 'got null'],
    ['{"thing":1}', 'no fault "thing"'],
    ['{"constructor":1}', 'no fault "constructor"'],
    ['x'.repeat(100_001), 'at most 100000 characters'],
  ])('is refused with what is wrong and where: %s', (text, ...parts) => {
    const message = complaint(() => parseFaults(text))
    for (const part of parts) expect(message).toContain(part)
    expect(message.length).toBeLessThan(500)
  })

  it('is refused when it is no object at all', () => {
    for (const script of [undefined, null, 7, [], 'lose=1'])
      expect(complaint(() => planOf(script))).toContain('expected an object')
  })
})

describe('the table of faults', () => {
  it.each(FAULT_NAMES)('%s has examples that parse and name it, and strikes somewhere', (name) => {
    const { examples, transports, about, main, parameters } = faultDeclared(name)
    expect(examples.length).toBeGreaterThan(0)
    for (const example of examples) expect([...parseFaults(example).faults.keys()]).toContain(name)
    expect(transports.length).toBeGreaterThan(0)
    expect(about).toMatch(/^[a-z]/)
    expect([undefined, ...Object.keys(parameters)]).toContain(main)
  })
})
