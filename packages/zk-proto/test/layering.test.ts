import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const SRC = new URL('../src/', import.meta.url)

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))

function sourceOf(file: string): string {
  return readFileSync(new URL(file, SRC), 'utf8')
}

function importsOf(file: string): string[] {
  const found = sourceOf(file).matchAll(/(?:^(?:import|export)\b[^']*?from |\bimport\()'([^']+)'/gm)
  return [...found].map(([, specifier = '']) =>
    specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : specifier,
  )
}

/** Floors of the house: a file may import from its own floor and from those below. */
const FLOORS = ['', 'records/', 'commands/', 'session/', 'procedures/', 'transport/', 'top'] as const
const TOP =
  /^(?:terminal|terminal-[a-z-]+|connect|probe|watch|copy-people|attendance-read|attendance-choice|index|wire)\.ts$/

function floorOf(file: string): number {
  if (TOP.test(file)) return FLOORS.indexOf('top')
  return FLOORS.findIndex((floor) => floor !== '' && floor !== 'top' && file.startsWith(floor)) === -1
    ? 0
    : FLOORS.findIndex((floor) => floor !== '' && file.startsWith(floor))
}

describe('the house', () => {
  it.each(files)('%s imports from its own floor and below', (file) => {
    for (const imported of importsOf(file).filter((name) => name.endsWith('.ts'))) {
      expect([imported, floorOf(imported) <= floorOf(file)]).toEqual([imported, true])
    }
  })

  it('touches sockets and time in transport/ only, and hashing is all else it takes from Node', () => {
    for (const file of files.filter((name) => !name.startsWith('transport/'))) {
      const foreign = importsOf(file).filter((name) => !name.endsWith('.ts') && name !== 'node:crypto')
      expect([file, foreign]).toEqual([file, []])
      expect([
        file,
        /\bDate\.now|performance\.now|set(?:Timeout|Interval|Immediate)\(/.test(sourceOf(file)),
      ]).toEqual([file, false])
    }
  })

  it('joins procedures to transports on the top floor alone', () => {
    for (const file of files.filter((name) => name.startsWith('transport/'))) {
      expect(importsOf(file).filter((name) => name.startsWith('procedures/'))).toEqual([])
    }
    for (const file of files.filter((name) => name.startsWith('procedures/'))) {
      expect(importsOf(file).filter((name) => name.startsWith('transport/'))).toEqual([])
    }
  })

  it('begins each file with what it is for', () => {
    for (const file of files) expect([file, sourceOf(file).startsWith('// ')]).toEqual([file, true])
  })
})
