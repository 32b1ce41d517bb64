// What pnpm is told of packages besides what they say of themselves. Plain CommonJS: pnpm loads it before anything is installed.
module.exports = {
  hooks: {
    readPackage(manifest) {
      // It wants the compiler's own interface, which TypeScript 7 no longer has: it gets the last one that does, for itself.
      if (manifest.name === 'openapi-typescript') {
        delete manifest.peerDependencies.typescript
        manifest.dependencies.typescript = '5.9.3'
      }
      // A peer that it can do without, and only for types: with it the compiler would be installed for production.
      if (manifest.name === 'valibot') {
        delete manifest.peerDependencies.typescript
        delete manifest.peerDependenciesMeta.typescript
      }
      return manifest
    },
  },
}
