// What is run before every push stays quick: it needs nothing that has to be started.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { quickPatterns, quickTests } from '../toolchain/quick-tests.ts'

const root = new URL('../..', import.meta.url).pathname

it('is chosen by names that are there, each of them', () => {
  const spelled = quickPatterns().map(({ pattern, files }) => {
    const names = /\{(.+)\}/.exec(pattern)?.[1]?.split(',') ?? []
    return { pattern, missing: names.filter((name) => !name.includes('*')).length - files.length }
  })
  expect(spelled.filter(({ missing }) => missing > 0)).toEqual([])
  expect(quickTests().length).toBeGreaterThan(60)
})

it('is of every package that can be tried without a database', () => {
  const tests = quickTests()
  for (const part of ['scripts', 'packages/zk-proto', 'packages/zk-sim', 'packages/core'])
    expect(tests.some((path) => path.startsWith(part))).toBe(true)
})

it('needs no server, browser or process, and leaves nothing to the file that a worker runs next', () => {
  const needy =
    /serverUrl|scratch-(?:service|database)|playwright|spawn(?:Sync)?\(|vi\.mock\(|vi\.stubGlobal\(/
  const own = 'scripts/test/quick-tests.test.ts'
  const found = quickTests().filter(
    (path) => path !== own && needy.test(readFileSync(join(root, path), 'utf8')),
  )
  expect(found).toEqual([])
})
