// Which addresses may be dialled: DEVICE_NETWORKS. It keeps the service from being used to probe other networks, so the
// address that was checked is the address that is dialled, and no other spelling of an address goes round the check.
import { lookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv4 } from 'node:net'

/** A network as DEVICE_NETWORKS names it. */
export interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** `10.0.0.0/8`, `fc00::/7`, or a single address; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const version = isIP(address)
  if (version === 0 || address.includes('%')) return undefined
  const widest = version === 4 ? 32 : 128
  const prefixText = slash < 0 ? String(widest) : text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(prefixText)) return undefined
  const prefix = Number(prefixText)
  if (prefix > widest) return undefined
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** Why a host may not be dialled. */
export type DialRefusal = 'unknown_host' | 'address_not_allowed'

/** What a host name came to: the one address to dial, or why there is none. */
export type DialDecision =
  | { readonly allowed: true; readonly address: string }
  | { readonly allowed: false; readonly reason: DialRefusal }

/** Finds the addresses of a host name, in the order of the system's preference. */
export type Resolver = (host: string) => Promise<readonly string[]>

/** Bounds over the given networks (already checked by `readConfig`). */
export interface NetworkBounds {
  /** True when this IP address lies in one of the networks; an IPv4 address mapped into IPv6 counts as the IPv4 address. */
  allows(address: string): boolean
  /** Resolves a host name or takes an address as it is, and picks the first one that is allowed. */
  decide(host: string): Promise<DialDecision>
}

const resolveBySystem: Resolver = async (host) => {
  const found = await lookup(host, { all: true })
  return found.map((entry) => entry.address)
}

/** `resolve` is given in tests. */
export function createNetworkBounds(
  networks: readonly string[],
  resolve: Resolver = resolveBySystem,
): NetworkBounds {
  const list = new BlockList()
  for (const text of networks) {
    const network = parseNetwork(text)
    if (network === undefined) throw new RangeError(`"${text}" is no network such as 10.0.0.0/8`)
    list.addSubnet(network.address, network.prefix, network.family)
  }

  const allows = (address: string): boolean => {
    const plain = canonicalAddress(address)
    return plain !== undefined && list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
  }

  return {
    allows,
    async decide(host) {
      const addresses = await addressesOf(host, resolve)
      if (addresses.length === 0) return { allowed: false, reason: 'unknown_host' }
      const address = addresses.find(allows)
      return address === undefined
        ? { allowed: false, reason: 'address_not_allowed' }
        : { allowed: true, address: canonicalAddress(address) ?? address }
    },
  }
}

async function addressesOf(host: string, resolve: Resolver): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  try {
    return await resolve(host)
  } catch (error) {
    if (isResolveFailure(error)) return []
    throw error
  }
}

/** getaddrinfo and c-ares say so by code: no such name, or nobody to ask. */
function isResolveFailure(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo'
}

/**
 * One spelling for each address, so that the same terminal is found again however it was written: IPv6 in its shortest form,
 * an IPv4 address mapped into IPv6 as IPv4. Undefined for what is no address, and for one with a zone index.
 */
export function canonicalAddress(text: string): string | undefined {
  const version = isIP(text)
  if (version === 4) return text
  if (version === 0 || text.includes('%')) return undefined
  const shortest = new URL(`http://[${text}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(shortest)
  if (mapped === null) return shortest
  const high = Number.parseInt(mapped[1] ?? '', 16)
  const low = Number.parseInt(mapped[2] ?? '', 16)
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

/** A host as it is stored and compared: addresses in one spelling, names in lower case without the root's dot. */
export function canonicalHost(host: string): string {
  return canonicalAddress(host) ?? host.toLowerCase().replace(/\.$/, '')
}
