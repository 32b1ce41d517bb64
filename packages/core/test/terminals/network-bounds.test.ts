// Which addresses may be dialled, however they are written.
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/index.ts'
import { canonicalHost, createNetworkBounds, parseNetwork } from '../../src/terminals/network-bounds.ts'

const defaults = createNetworkBounds(readConfig({}).deviceNetworks)

describe('network bounds by default', () => {
  it.each(['10.1.2.3', '172.16.0.1', '192.168.1.201', '127.0.0.1', '::1', 'fd12::7', '::ffff:192.168.1.201'])(
    'allow %s',
    (address) => expect(defaults.allows(address)).toBe(true),
  )

  it.each([
    '8.8.8.8',
    '169.254.169.254',
    '172.32.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '::',
    'fe80::1',
    '2001:db8::1',
    '::ffff:8.8.8.8',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '0:0:0:0:0:ffff:808:808',
    '::8.8.8.8',
    '64:ff9b::a9fe:a9fe',
    'fe80::1%eth0',
    'example.org',
    '',
  ])('refuse %s', (address) => expect(defaults.allows(address)).toBe(false))
})

describe('the address to dial', () => {
  it('is the one that was checked, not one that a second question would bring', async () => {
    const answers = [['192.168.1.9'], ['8.8.8.8']]
    const bounds = createNetworkBounds(['192.168.0.0/16'], () => Promise.resolve(answers.shift() ?? []))
    expect(await bounds.decide('gate.example')).toEqual({ allowed: true, address: '192.168.1.9' })
    expect(await bounds.decide('gate.example')).toEqual({ allowed: false, reason: 'address_not_allowed' })
  })

  it('is the first allowed one of several', async () => {
    const bounds = createNetworkBounds(['10.0.0.0/8'], () =>
      Promise.resolve(['8.8.8.8', '10.0.0.9', '10.0.0.10']),
    )
    expect(await bounds.decide('gate.example')).toEqual({ allowed: true, address: '10.0.0.9' })
  })

  it('is found for other spellings of an address by the system, and checked then', async () => {
    const bounds = createNetworkBounds(['10.0.0.0/8'])
    for (const spelling of ['127.1', '2130706433', '0x7f000001'])
      expect(await bounds.decide(spelling)).toMatchObject({ allowed: false })
  })

  it('is unknown where the name does not resolve', async () => {
    expect(await defaults.decide('no-such-host.invalid')).toEqual({ allowed: false, reason: 'unknown_host' })
  })

  it('passes other failures of the resolver on', async () => {
    const bounds = createNetworkBounds(['10.0.0.0/8'], () => Promise.reject(new Error('out of memory')))
    await expect(bounds.decide('gate.example')).rejects.toThrow('out of memory')
  })
})

describe('a host', () => {
  it.each([
    ['Gate.Example.', 'gate.example'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['FD12:0::7', 'fd12::7'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is kept as %s, so that one terminal is one device', (given, kept) => {
    expect(canonicalHost(given)).toBe(kept)
  })
})

describe('a network', () => {
  it.each([
    '10.0.0.0/33',
    '10.0.0/8',
    'fc00::/129',
    'example.org/8',
    '10.0.0.0/',
    '10.0.0.0/-1',
    'fe80::1%1/64',
  ])('is not %s', (text) => expect(parseNetwork(text)).toBeUndefined())

  it('may be a single address', () => {
    expect(parseNetwork('10.0.0.7')).toEqual({ address: '10.0.0.7', prefix: 32, family: 'ipv4' })
  })

  it('is refused by name where it is wrong', () => {
    expect(() => createNetworkBounds(['nonsense'])).toThrow('nonsense')
  })
})
