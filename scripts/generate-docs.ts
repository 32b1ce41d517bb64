// `npm run docs`: writes the pages of documentation that are generated from declarations. A test fails while a page in the
// tree is not what this writes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedPages } from './docs/pages.ts'

const root = new URL('..', import.meta.url).pathname
for (const { path, text } of await generatedPages(root)) {
  writeFileSync(join(root, path), text)
  console.log(path)
}
