// Run in a project that has both packages installed, by whatever Node is to be tried: loads every file of their builds but
// the commands, which would start, and prints how that went as JSON.
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

let loaded = 0
const failed = []
for (const name of ['zk-proto', 'zk-sim']) {
  const folder = resolve('node_modules/@org', name)
  const { bin = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const commands = Object.values(bin).map((path) => resolve(folder, path))
  for (const path of readdirSync(join(folder, 'dist'), { recursive: true })) {
    const file = join(folder, 'dist', path)
    if (!file.endsWith('.js') || commands.includes(file)) continue
    try {
      await import(pathToFileURL(file))
      loaded += 1
    } catch (error) {
      failed.push(`${file}: ${String(error)}`)
    }
  }
}
console.log(JSON.stringify({ loaded, failed }))
