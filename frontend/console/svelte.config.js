// The console's components are in runes mode throughout.
export default { compilerOptions: { runes: true } }
